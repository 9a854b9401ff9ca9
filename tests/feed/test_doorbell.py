"""The doorbell: no post waits for it, and a process that exits rings it first."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis import Redis

from feed import doorbell as module
from feed.doorbell import Doorbell, doorbell
from tests.support.databases import ROOT, clean_environment, sqlite_url
from tests.support.layers import BrokenLayer, HangingLayer
from tests.support.processes import TIMEOUT, wait_until

SETUP = """
import django, os
django.setup()
from feed.messages import MessageFactory
"""


class SlowLayer(InMemoryChannelLayer):
    """Records its messages, and takes a moment to send each."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[object] = []
        self.sent: list[object] = []

    async def group_send(self, group: str, message: dict[str, object]) -> None:
        self.begun.append(message["event_id"])
        await asyncio.sleep(0.02)
        self.sent.append(message["event_id"])


class EagerLayer(InMemoryChannelLayer):
    """Rings again during each send: `counts[0]` times during the first one, `counts[1]` times during the second, …"""

    def __init__(self, bell: Doorbell, counts: list[int]) -> None:
        super().__init__()
        self._bell, self._counts = bell, iter(counts)

    async def group_send(self, group: str, message: dict[str, object]) -> None:
        for number in range(next(self._counts)):
            ring(self._bell, self, number)


@contextmanager
def listening(redis_url: str) -> Iterator[list[bytes]]:
    """The messages that arrive in Redis."""
    heard: list[bytes] = []
    with Redis.from_url(redis_url) as redis, redis.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.subscribe(rill__group__feed=lambda message: heard.append(message["data"]))
        thread = pubsub.run_in_thread(sleep_time=0.01)
        try:
            wait_until(lambda: redis.pubsub_numsub("rill__group__feed")[0][1] > 0, "Redis to register the subscription")
            yield heard
        finally:
            thread.stop()
            thread.join()


def run(code: str, redis_url: str) -> None:
    """Run the code in a process that exits at once."""
    environment = clean_environment(sqlite_url(ROOT / "none")) | {
        "DJANGO_SETTINGS_MODULE": "project.settings",
        # A host name, so that the process has to resolve it.
        "REDIS_URL": urlsplit(redis_url)._replace(netloc=f"localhost:{urlsplit(redis_url).port}").geturl(),
    }
    subprocess.run([sys.executable, "-c", SETUP + code], cwd=ROOT, env=environment, check=True, timeout=TIMEOUT)


def ring(bell: Doorbell, layer: object, number: int) -> None:
    bell.ring(layer, "feed", {"type": "feed.activity", "event_id": number})


def test_waiting_rings_are_coalesced_and_the_last_one_is_sent() -> None:
    layer = SlowLayer()
    for number in range(1000):
        ring(doorbell, layer, number)
    assert doorbell.wait()
    assert len(layer.sent) < 10
    assert layer.begun[-1] == 999


def test_a_ring_during_another_ring_is_not_lost() -> None:
    layer = SlowLayer()
    ring(doorbell, layer, 1)
    wait_until(lambda: layer.begun == [1], "the first ring to begin")
    ring(doorbell, layer, 2)
    assert doorbell.wait()
    assert layer.sent == [1, 2]


def test_a_ring_after_a_quiet_time_is_sent_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SPACING", 3600)
    monkeypatch.setattr(module, "SPACING", 3600)
    bell, layer = Doorbell(), SlowLayer()
    ring(bell, layer, 1)
    assert bell.wait()
    assert layer.sent == [1]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param([1, 1, 1, 1, 0], [0.02] * 5, id="each stands for one"),
        pytest.param([2, 3, 8, 100, 0], [0.02, 0.04, 0.06, 0.06, 0.06], id="each stands for several"),
        pytest.param([8, 8, 1, 8, 0], [0.02, 0.06, 0.06, 0.02, 0.06], id="one stands for one again"),
    ],
)
def test_the_spacing_of_rings_grows_while_each_stands_for_several(
    monkeypatch: pytest.MonkeyPatch, counts: list[int], expected: list[float]
) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def record(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", record)
    bell = Doorbell()
    ring(bell, EagerLayer(bell, counts), 1)
    wait_until(lambda: len(pauses) == 5, "five rings")
    assert pauses == expected


async def test_the_in_memory_layer_is_rung_in_the_event_loop_of_its_receiver() -> None:
    layer = InMemoryChannelLayer()
    channel = await layer.new_channel()
    await layer.group_add("feed", channel)
    receiving = asyncio.create_task(layer.receive(channel))
    await sync_to_async(ring)(doorbell, layer, 1)
    async with asyncio.timeout(TIMEOUT):
        assert (await receiving)["event_id"] == 1


def test_the_ring_of_a_process_that_exits_at_once_is_heard(redis_url: str) -> None:
    with listening(redis_url) as heard:
        run("MessageFactory(1).on_activity('the only one')", redis_url)
        wait_until(lambda: len(heard) == 1, "the ring")


def test_the_last_of_many_rings_of_a_process_that_exits_at_once_is_heard(redis_url: str) -> None:
    with listening(redis_url) as heard:
        run("for number in range(100): MessageFactory(number).on_activity(f'number {number}')", redis_url)
        wait_until(lambda: bool(heard) and b"number 99" in heard[-1], "the last ring")


def test_a_forked_process_rings(redis_url: str) -> None:
    code = """
from feed.doorbell import doorbell
MessageFactory(1).on_activity("the parent")
doorbell.wait()
if child := os.fork():
    os.waitpid(child, 0)
else:
    MessageFactory(2).on_activity("the child")
    doorbell.wait()
    os._exit(0)
"""
    with listening(redis_url) as heard:
        run(code, redis_url)
        wait_until(lambda: len(heard) == 2, "both rings")
    assert b"the child" in heard[1]


def test_all_rings_use_one_connection_to_redis(redis_url: str) -> None:
    """Also where no event loop runs: in a command, a shell, or a worker."""
    layer = RedisPubSubChannelLayer(hosts=[redis_url], prefix=f"test-{os.getpid()}")
    with Redis.from_url(redis_url) as redis:
        before = redis.info("stats")["total_connections_received"]
        for number in range(5):
            ring(doorbell, layer, number)
            assert doorbell.wait()
        assert redis.info("stats")["total_connections_received"] - before == 1


def test_wait_ends_at_its_timeout_while_the_doorbell_hangs() -> None:
    bell, layer = Doorbell(), HangingLayer()
    ring(bell, layer, 1)
    began = time.monotonic()
    assert not bell.wait(0.05)
    assert time.monotonic() - began < module.RING_TIMEOUT
    assert bell.wait(TIMEOUT)  # the ring is given up


def test_wait_ends_at_once_after_the_doorbell_has_failed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_AFTER", 3600)
    bell, layer = Doorbell(), BrokenLayer()
    for number in range(2):
        ring(bell, layer, number)
        assert bell.wait()
    assert caplog.text.count("nobody there") == 1, "The doorbell was rung again at once."
