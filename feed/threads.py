"""Threads that read the database for a hub, and are left behind if it doesn't answer.

A link that is half open is never answered on, and nobody is told. A thread that waits for it can't be interrupted; so
after a while it is left with its connection, and the next read has a new thread and a new connection.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections

PATIENCE = 5.0
"""Seconds that one read may take. SQLite, which is no link, has its own limit."""
MOST_LEFT = 8
"""Threads that may be left at a time. If more hang, the database is down, and they wait like everybody."""
STEP = 0.5
"""Seconds between two looks at a read that takes long."""

T = TypeVar("T")


class ReadingThreads:
    """So many threads at most, but for those that were left."""

    def __init__(self, count: int, name: str) -> None:
        self._count, self._name = count, name
        self.threads = self._new()
        self._left: set[asyncio.Future[Any]] = set()

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises OperationalError if it takes too long, and what `work` raises."""
        begun: list[float] = []

        def timed() -> T:
            begun.append(time.monotonic())
            return work()

        threads = self.threads
        done = asyncio.get_running_loop().run_in_executor(threads, timed)
        if connection.vendor != "sqlite":
            while not (await asyncio.wait({done}, timeout=STEP))[0]:
                if begun and time.monotonic() - begun[0] > PATIENCE and self._may_leave(done):
                    self._leave(threads)
                    raise OperationalError(f"The database has not answered for {PATIENCE:.0f} s.")
        return await done

    def submit(self, work: Callable[[], object]) -> None:
        """Do one thing more, for which nobody waits, and then end."""
        self.threads.submit(work)
        self.threads.shutdown(wait=False)

    async def close(self) -> None:
        await asyncio.to_thread(self.threads.shutdown)

    def _new(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._count, self._name)

    def _may_leave(self, done: "asyncio.Future[Any]") -> bool:
        self._left = {each for each in self._left if not each.done()}
        if len(self._left) >= MOST_LEFT:
            return False
        self._left.add(done)
        return True

    def _leave(self, threads: ThreadPoolExecutor) -> None:
        if self.threads is threads:
            self.threads = self._new()
        threads.submit(connections.close_all)
        threads.shutdown(wait=False)
        asyncio.get_running_loop().run_in_executor(None, _forget_idle_connections)


def _forget_idle_connections() -> None:
    """The other links of the pool may be half open, too, and each would be waited for."""
    if pool := getattr(connections[DEFAULT_DB_ALIAS], "pool", None):
        pool.drain()
