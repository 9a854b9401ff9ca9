"""Looks whether another process has written to the database, where no doorbell crosses processes.

With the in-memory channel layer a process hears the bell for its own posts alone. A look costs so little that it is
taken many times a second, and the hub need not wait for its poll. It rings nothing: the hub reads as if that were due.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, connections

from feed import log
from feed.threads import ReadingThreads

INTERVAL = 0.03
"""Seconds between two looks."""

logger = logging.getLogger(__name__)


class Look(Protocol):
    async def has_changed(self) -> bool:
        """Whether the database may have changed since the last time. Raises sqlite3.Error or DatabaseError."""
        ...

    def close(self) -> None: ...


class SqliteLook:
    """Asks for the number that SQLite changes with each commit of another connection. It never waits for a lock."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None

    async def has_changed(self) -> bool:
        if self._connection is None:
            file = f"file:{quote(str(connection.settings_dict['NAME']))}?mode=rw"
            self._connection = sqlite3.connect(file, uri=True, timeout=0, isolation_level=None)
        version, self._version = self._version, self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version != self._version

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = self._version = None


class QueryLook:
    """Asks where the log stands, in a thread with a connection of its own."""

    def __init__(self) -> None:
        self._threads = ReadingThreads(1, "rill-look")
        self._state: log.State | None = None

    async def has_changed(self) -> bool:
        state, self._state = self._state, await self._threads.run(log.state)
        return state != self._state or self._state.waiting

    def close(self) -> None:
        self._threads.submit(connections.close_all)


async def follow(wake: Callable[[], None]) -> None:
    """Call `wake` whenever the database has changed, for as long as it is asked to."""
    if not isinstance(get_channel_layer(), InMemoryChannelLayer | None):
        return
    in_memory: Any = getattr(connection, "is_in_memory_db", lambda: False)
    if in_memory():
        return
    look: Look = SqliteLook() if connection.vendor == "sqlite" else QueryLook()
    try:
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                if await look.has_changed():
                    wake()
            except (sqlite3.Error, DatabaseError) as error:  # the hub says what is wrong; its poll must do meanwhile
                logger.debug("The database can't be looked at: %s", error)
                await asyncio.sleep(settings.FEED_POLL)
    finally:
        look.close()
