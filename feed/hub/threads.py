"""Threads that read the database for a hub, and are abandoned if it doesn't answer.

On a half-open connection no answer ever comes, and no error either. A thread that waits for one can't be interrupted.
So after a while it is abandoned with its connection, and the next read gets a new thread and a new connection.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connection, connections

READ_TIMEOUT = 5.0
"""Seconds that one read may take. SQLite has no connection to lose, and a timeout of its own."""
MAX_ABANDONED = 8
"""Threads that may be abandoned at a time. If more hang, the database is down, and they wait for it."""
CHECK_INTERVAL = 0.5
"""Seconds between two checks of a slow read."""

T = TypeVar("T")


class ReadingThreads:
    """A pool of `count` threads, not counting those that were abandoned.

    keep_connection: whether a thread keeps its database connection until a read fails.
    """

    def __init__(self, count: int, name: str, *, keep_connection: bool = False) -> None:
        self._count, self._name, self._keep_connection = count, name, keep_connection
        self.threads = self._new()
        self._abandoned: set[asyncio.Future[Any]] = set()

    async def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns. Raises OperationalError if it takes too long, and what `work` raises."""
        begun: list[float] = []

        def timed() -> T:
            begun.append(time.monotonic())
            return self._with_connection(work)

        threads = self.threads
        done = asyncio.get_running_loop().run_in_executor(threads, timed)
        if connection.vendor != "sqlite":
            while not (await asyncio.wait({done}, timeout=CHECK_INTERVAL))[0]:
                if begun and time.monotonic() - begun[0] > READ_TIMEOUT and self._may_abandon(done):
                    await self._abandon(threads)
                    raise OperationalError(f"The database has not answered for {READ_TIMEOUT:.0f} s.")
        return await done

    def _with_connection(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except DatabaseError:
            connections.close_all()  # so that the next read gets a new connection
            raise
        finally:
            if not self._keep_connection:
                connections.close_all()

    def release(self) -> None:
        """Close the connections, and end the threads. Doesn't wait for that."""
        self.threads.submit(connections.close_all)
        self.threads.shutdown(wait=False)

    async def close(self) -> None:
        await asyncio.to_thread(self.threads.shutdown)

    def end(self) -> None:
        """Like `close`, and also closes the connections. For a caller without an event loop."""
        with suppress(RuntimeError):  # it was released already
            self.release()
        self.threads.shutdown()

    def _new(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._count, self._name)

    def _may_abandon(self, done: asyncio.Future[Any]) -> bool:
        self._abandoned = {each for each in self._abandoned if not each.done()}
        if len(self._abandoned) >= MAX_ABANDONED:
            return False
        self._abandoned.add(done)
        return True

    async def _abandon(self, threads: ThreadPoolExecutor) -> None:
        if self.threads is threads:
            self.threads = self._new()
        threads.submit(connections.close_all)
        threads.shutdown(wait=False)
        await asyncio.to_thread(_forget_idle_connections)


def _forget_idle_connections() -> None:
    """Other connections of the pool may be half open, too, and the next read would wait for one of them."""
    if pool := getattr(connections[DEFAULT_DB_ALIAS], "pool", None):
        pool.drain()
