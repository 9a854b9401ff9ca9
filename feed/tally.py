"""Counts what users and addresses do: in Redis, which all processes share, or else in the memory of this process."""

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from limits.storage import MovingWindowSupport, RedisStorage
from redis import ConnectionPool

from feed.patience import PATIENCE, PAUSE, PatientRedis

COMPLAINT = "Limits are counted by each process alone while Redis fails: %s"
MOST = 100_000
"""Times that a process keeps in memory: some 36 MB if each is of another key."""

T = TypeVar("T")


class Memory(MovingWindowSupport):
    """The times at which each key was counted, in one process.

    Bounded, as who tries to log in chooses names, and perhaps addresses: the key that was counted longest ago goes
    first. (The library's own MemoryStorage keeps every key for ever, and looks through all of them at each count.)
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
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
            while self._size > self._most:
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


class Tally:
    """Asks Redis; and memory where there is none, or while it fails or hangs."""

    def __init__(self, redis_url: str | None, patience: float = PATIENCE, pause: float = PAUSE) -> None:
        self._memory = Memory()
        self._redis = PatientRedis(redis_url, _storage, COMPLAINT, patience, pause) if redis_url else None

    def ask(self, question: Callable[[MovingWindowSupport], T]) -> T:
        if self._redis is None:
            return question(self._memory)
        return self._redis.ask(question, lambda: question(self._memory))


def _storage(pool: ConnectionPool) -> RedisStorage:
    return RedisStorage("redis://", connection_pool=pool, key_prefix="rill")


class Tallies:
    """The tally of this process for each Redis."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew. A forked process has none of the threads of its parent, and must not share its connections."""
        self._lock = Lock()
        self._made: dict[str | None, Tally] = {}

    def __call__(self, redis_url: str | None) -> Tally:
        """The same one for all threads: two tallies in memory would allow twice as much."""
        with self._lock:
            if redis_url not in self._made:
                self._made[redis_url] = Tally(redis_url)
            return self._made[redis_url]


tally = Tallies()
os.register_at_fork(after_in_child=tally.forget)
