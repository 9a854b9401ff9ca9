"""A PUBLISH on Redis, for the servers in Node."""

from typing import Any

from redis import Redis

from bench.authors.posts import PostAuthor
from bench.events import encode


def author(url: str, channel: str) -> PostAuthor:
    redis = Redis.from_url(url)

    def announce(event: dict[str, Any]) -> None:
        redis.publish(channel, encode(event))

    return PostAuthor(announce)
