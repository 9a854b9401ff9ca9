"""Publishes with Redis's PUBLISH, for the servers in Node."""

from typing import Any

from redis import Redis

from bench.events import encode
from bench.publishers.posts import PostPublisher


def publisher(url: str, channel: str) -> PostPublisher:
    redis = Redis.from_url(url)

    def announce(event: dict[str, Any]) -> None:
        redis.publish(channel, encode(event))

    return PostPublisher(announce)
