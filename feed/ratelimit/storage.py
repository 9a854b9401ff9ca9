"""Counts hits: in Redis, which all processes share, or else in the memory of this process."""

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from limits.storage import MovingWindowSupport, RedisStorage

from feed.circuit_breaker import RETRY_AFTER, TIMEOUT, RedisBreaker

WARNING = "Each process counts rate limits by itself while Redis fails: %s"
MAX_TIMES = 100_000
"""Times in the memory of a process: some 36 MB if each has its own key."""

T = TypeVar("T")


class Memory(MovingWindowSupport):
    """The times of the hits of each key, in one process.

    Bounded, because clients choose the names that they try to log in with. The key with the oldest hit goes first.
    (MemoryStorage of the library keeps every key for ever, and scans all of them at each hit.)
    """

    def __init__(self, max_times: int = MAX_TIMES) -> None:
        self._max_times = max_times
        self._size = 0
        self._times: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = Lock()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        with self._lock:
            now = time.time()
            times = self._since(now - expiry, key)
            if len(times) + amount > limit:
                return False
            self._forget(key)
            self._times[key] = times + [now] * amount
            self._size += len(self._times[key])
            while self._size > self._max_times:
                self._forget(next(iter(self._times)))
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        with self._lock:
            now = time.time()
            times = self._since(now - expiry, key)
            return (times[0] if times else now), len(times)

    def _since(self, begin: float, key: str) -> list[float]:
        return [moment for moment in self._times.get(key, ()) if moment >= begin]

    def _forget(self, key: str) -> None:
        self._size -= len(self._times.pop(key, ()))


class FallbackStorage:
    """Redis; or memory where there is no Redis, and while it fails or hangs."""

    def __init__(self, redis_url: str | None, timeout: float = TIMEOUT, retry_after: float = RETRY_AFTER) -> None:
        self._memory = Memory()
        self._redis = RedisBreaker(redis_url, _storage, WARNING, timeout, retry_after) if redis_url else None

    def run(self, query: Callable[[MovingWindowSupport], T]) -> T:
        if self._redis is None:
            return query(self._memory)
        return self._redis.run(query, lambda: query(self._memory))


def _storage(pool: Any) -> RedisStorage:
    return RedisStorage("redis://", connection_pool=pool, key_prefix="rill")


class Storages:
    """The storage of this process for each Redis."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: a forked process has no threads of its parent, and must not share its connections."""
        self._lock = Lock()
        self._made: dict[str | None, FallbackStorage] = {}

    def __call__(self, redis_url: str | None) -> FallbackStorage:
        """The same storage for all threads: two in memory would allow twice as much."""
        with self._lock:
            if redis_url not in self._made:
                self._made[redis_url] = FallbackStorage(redis_url)
            return self._made[redis_url]


storage = Storages()
os.register_at_fork(after_in_child=storage.forget)
