"""Shares rendered rows between the processes of one release, in Redis.

A row goes into pages unescaped. So it is signed with SECRET_KEY: a program that can write to Redis can't write to
pages.
"""

import os
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any, cast

from django.utils.crypto import constant_time_compare, salted_hmac

from feed.circuit_breaker import RedisBreaker
from feed.frames.release import fingerprint

WARNING = "Each process renders all rows by itself while Redis fails: %s"
SIGNATURE = 64
"""Characters of a signature."""


def find(redis_url: str, keys: Sequence[Any]) -> dict[Any, str]:
    """The rows that any process of this release has cached, by their keys."""
    names = [_name(key) for key in keys]
    values: list[bytes | None] = _redis(redis_url).run(lambda redis: cast(Any, redis.mget(names)), list)
    read = ((key, _verified(name, value)) for key, name, value in zip(keys, names, values, strict=False) if value)
    return {key: row for key, row in read if row is not None}


def keep(redis_url: str, key: Any, row: str, seconds: float) -> None:
    name = _name(key)
    value = _signature(name, row) + row
    _redis(redis_url).submit(lambda redis: redis.set(name, value, px=int(seconds * 1000)))


def _name(key: Any) -> str:
    return f"rill:row:{sha256(f'{fingerprint()}{key!r}'.encode()).hexdigest()}"


def _verified(name: str, value: bytes) -> str | None:
    text = value.decode(errors="replace")
    signature, row = text[:SIGNATURE], text[SIGNATURE:]
    return row if constant_time_compare(signature, _signature(name, row)) else None


def _signature(name: str, row: str) -> str:
    return salted_hmac("feed.shared", name + row, algorithm="sha256").hexdigest()


@cache
def _redis(url: str) -> RedisBreaker[Any]:
    return RedisBreaker(url, _connect, WARNING)


os.register_at_fork(after_in_child=_redis.cache_clear)


def _connect(pool: Any) -> Any:
    from redis import Redis  # noqa: PLC0415 (optional, and loaded by now)

    return Redis(connection_pool=pool)
