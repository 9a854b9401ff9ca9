"""Half-open connections to Redis."""

import asyncio
import sys
import time
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError

from project.redis_connection import keepalive
from tests.faults.harness.proxy import Proxy

KEEPALIVE = 2
"""Seconds until the kernel gives up a dead connection."""
TIMEOUT = 20.0


@pytest.mark.skipif(sys.platform != "linux", reason="The proxy can make links half open on Linux only.")
async def test_a_subscriber_on_a_half_open_connection_reconnects_and_hears_again(redis_url: str) -> None:
    options: dict[str, Any] = keepalive(redis_url, seconds=KEEPALIVE)
    retry = Retry(NoBackoff(), 3)
    with Proxy(redis_url) as proxy:
        async with Redis.from_url(proxy.url, retry=retry, retry_on_error=[ConnectionError], **options) as redis:
            pubsub = redis.pubsub(ignore_subscribe_messages=True)
            await pubsub.subscribe("doorbell")
            await pubsub.get_message(timeout=1)
            assert proxy.half_open()
            async with asyncio.timeout(TIMEOUT), Redis.from_url(redis_url) as ringing:
                assert await heard(pubsub, ringing)
            await pubsub.aclose()  # type: ignore[no-untyped-call]


async def heard(pubsub: Any, ringing: Redis) -> bool:
    """Ring until the subscriber hears it. False if the subscriber returns at once, in a busy loop."""
    while True:
        began = time.monotonic()
        await ringing.publish("doorbell", "")
        for _ in range(20):
            if await pubsub.get_message(timeout=0.1):
                return True
        if time.monotonic() - began < 0.5:
            return False
