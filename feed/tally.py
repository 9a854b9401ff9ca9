"""Counts what users and addresses do: in Redis, which all processes share, or else in the memory of this process."""

import logging
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from limits.storage import MovingWindowSupport, RedisStorage
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE = 0.12
"""Seconds that Redis has for one question; a log-in asks twice. Who posts must not wait for what only counts."""
PAUSE = 5.0
"""Seconds for which a Redis that has failed isn't asked again."""
MOST = 100_000
"""Times that a process keeps in memory: some 36 MB if each is of another key."""

T = TypeVar("T")
logger = logging.getLogger(__name__)


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
        self._redis_url = redis_url
        self._patience = patience
        self._pause = pause
        self._memory = Memory()
        self._storage: RedisStorage | None = None
        self._failing = False
        self._again = 0.0
        self._lock = Lock()
        # Only a thread of its own can be left behind when time is up: a timeout of the socket is for each packet,
        # and for looking up a name there is none.
        self._threads = ThreadPoolExecutor(4, "tally")

    def ask(self, question: Callable[[MovingWindowSupport], T]) -> T:
        if self._redis_url and self._may_try():
            probing = self._failing
            asked = self._threads.submit(lambda: question(self._redis()))
            try:
                answer = asked.result(self._patience)
            except Exception as error:  # noqa: BLE001 (whatever its client may raise: nobody is kept from posting by it)
                asked.cancel()
                self._lost(error)
            else:
                if probing:
                    self._found()
                return answer
        return question(self._memory)

    def _redis(self) -> RedisStorage:
        with self._lock:  # one pool of connections, whichever thread asks first
            self._storage = self._storage or self._connect()
        return self._storage

    def _connect(self) -> RedisStorage:
        assert self._redis_url
        pool = ConnectionPool.from_url(
            self._redis_url,
            socket_timeout=self._patience,
            socket_connect_timeout=self._patience,
            retry=Retry(NoBackoff(), 0),
        )
        return RedisStorage(self._redis_url, connection_pool=pool, key_prefix="rill")

    def _may_try(self) -> bool:
        """In an outage for one question after each pause: the others don't wait to see how it ends."""
        with self._lock:
            now = time.monotonic()
            if now < self._again:
                return False
            if self._failing:
                self._again = now + self._pause
            return True

    def _found(self) -> None:
        with self._lock:
            self._again, self._failing = 0.0, False

    def _lost(self, error: Exception) -> None:
        with self._lock:
            self._again = time.monotonic() + self._pause
            known, self._failing = self._failing, True
        if not known:
            reason = str(error) or type(error).__name__
            logger.warning("Limits are counted by each process alone while Redis fails: %s", reason)


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
