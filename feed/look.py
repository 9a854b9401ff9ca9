"""Looks whether another process has written to the log, where no doorbell crosses processes.

With the in-memory channel layer a process hears the bell for its own posts alone. A look costs so little that one is
taken many times a second. A thread of its own takes it, on a connection of its own: to hand each look from the event
loop to a thread and back costs several times as much as the look, and one that waits would hold up the loop.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, connections

from feed import log
from feed.doorbell import WIDEST

INTERVAL = 0.05
"""Seconds between two looks. An idle process spends less than a hundredth of a core on them."""
PATIENCE = 5.0
"""Seconds that the end of the hub waits for a look that isn't answered."""

Known = tuple[str, int]
"""A log's name, and its head."""

logger = logging.getLogger(__name__)


async def follow(ring: Callable[[], None], known: Callable[[], Known]) -> None:
    """Call `ring` whenever the log is not where `known` says, which is called in another thread. Until cancelled."""
    if not is_needed():
        return
    loop = asyncio.get_running_loop()
    stopped = Event()
    looking = Looking(lambda: loop.call_soon_threadsafe(ring), known)
    # A daemon: Daphne's loop ends without cancelling its tasks, and the process would wait for this thread for ever.
    thread = Thread(target=looking.go_on, args=(stopped,), name="rill-look", daemon=True)
    thread.start()
    try:
        await loop.create_future()
    finally:
        stopped.set()
        await asyncio.to_thread(thread.join, PATIENCE)


def is_needed() -> bool:
    """Whether nothing but the poll would notice what other processes post, and looking can."""
    if not isinstance(get_channel_layer(), InMemoryChannelLayer | None):
        return False
    in_memory: Callable[[], bool] = getattr(connection, "is_in_memory_db", lambda: False)
    return not in_memory()


class Moved(Exception):
    """SQLite's file isn't at its path any more."""


class Looking:
    """What the thread does. Everything but `ring` and `known` belongs to it."""

    def __init__(self, ring: Callable[[], object], known: Callable[[], Known]) -> None:
        self._ring = ring
        self._known = known
        self._left: Known | None = None
        self._seen: tuple[Known, bool] | None = None
        self._cursor: Any = None
        self._version: object = None
        self._file: object = None

    def go_on(self, stopped: Event) -> None:
        pause = INTERVAL
        try:
            while not stopped.wait(pause):
                pause = self.look()
        except Moved as moved:
            logger.warning("%s was moved, removed or replaced: restart the server, which reads the old file", moved)
        finally:
            connections.close_all()

    def look(self) -> float:
        """Look once, and return how many seconds later the next look is due. Raises Moved."""
        left, self._left = self._left, self._known()
        if left != self._left:
            # The hub has just read. The doorbell leaves it alone for as long, or a stream of posts would cost too much.
            return WIDEST
        try:
            with connection.wrap_database_errors:
                if self._has_changed() and self._is_news():
                    self._ring()
        except DatabaseError:  # the hub says what is wrong, and its poll must do meanwhile
            self._cursor = None
            connections.close_all()
            return settings.FEED_POLL
        return INTERVAL

    def _has_changed(self) -> bool:
        """Whether another connection may have committed since the last look.

        SQLite counts that, and answers in microseconds. In other databases only the log itself tells."""
        if self._cursor is None:
            self._connect()
        if connection.vendor != "sqlite":
            return True
        if identity() != self._file:
            raise Moved(connection.settings_dict["NAME"])
        version, self._version = self._version, self._cursor.execute("PRAGMA data_version").fetchone()
        return version != self._version

    def _is_news(self) -> bool:
        """Whether the hub doesn't know where the log stands. It is told once: what it fails at waits for its poll."""
        name, head, waiting = log.glance(self._cursor)
        seen, self._seen = self._seen, ((name, head), waiting)
        return seen != self._seen and (waiting or (name, head) != self._known())

    def _connect(self) -> None:
        """Take the driver's own cursor, which answers in half of the time that Django's takes."""
        connection.ensure_connection()
        assert connection.connection is not None
        self._cursor = connection.connection.cursor()
        self._version, self._file = None, identity()


def identity() -> object:
    """Which file is at SQLite's path."""
    try:
        found = Path(connection.settings_dict["NAME"]).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
