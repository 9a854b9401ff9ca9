"""Rows of HTML that all processes of one release share in Redis, each for a moment.

A row goes into pages as it is. So it is signed with SECRET_KEY: a program that can write to the Redis still can't write
to the pages.
"""

import os
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any, cast

from django.utils.crypto import constant_time_compare, salted_hmac
from redis import ConnectionPool, Redis

from feed.patience import PatientRedis
from feed.release import fingerprint

COMPLAINT = "Each process renders all rows by itself while Redis fails: %s"
SIGNATURE = 64
"""Characters."""


def find(redis_url: str, keys: Sequence[Any]) -> dict[Any, str]:
    """By their keys, the rows that any process of this release has kept."""
    names = [_name(key) for key in keys]
    values: list[bytes | None] = _redis(redis_url).ask(lambda redis: cast(Any, redis.mget(names)), list)
    read = ((key, _verified(name, value)) for key, name, value in zip(keys, names, values, strict=False) if value)
    return {key: row for key, row in read if row is not None}


def keep(redis_url: str, key: Any, row: str, seconds: float) -> None:
    name = _name(key)
    value = _signature(name, row) + row
    _redis(redis_url).tell(lambda redis: redis.set(name, value, px=int(seconds * 1000)))


def _name(key: Any) -> str:
    return f"rill:row:{sha256(f'{fingerprint()}{key!r}'.encode()).hexdigest()}"


def _verified(name: str, value: bytes) -> str | None:
    text = value.decode(errors="replace")
    signature, row = text[:SIGNATURE], text[SIGNATURE:]
    return row if constant_time_compare(signature, _signature(name, row)) else None


def _signature(name: str, row: str) -> str:
    return salted_hmac("feed.shared", name + row, algorithm="sha256").hexdigest()


@cache
def _redis(url: str) -> "PatientRedis[Redis]":
    return PatientRedis(url, _connect, COMPLAINT)


os.register_at_fork(after_in_child=_redis.cache_clear)


def _connect(pool: ConnectionPool) -> Redis:
    return Redis(connection_pool=pool)
