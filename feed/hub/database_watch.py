"""Notices what other processes write to the log, where no doorbell reaches across processes.

With the in-memory channel layer a process hears only its own doorbell. Looking at the database costs so little that it
can be done many times a second: on SQLite by `PRAGMA data_version`, on PostgreSQL by one small query. A thread of its
own does it, through a connection of its own: to switch from the event loop to a thread and back costs several times as
much as the look, and a look in the event loop could hang it.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import Error as DatabaseError
from django.db import connection, connections

from feed.conf import conf
from feed.log.reading import glance

INTERVAL = 0.075
"""Seconds between two looks. An idle process spends less than a hundredth of a core on them."""
STOP_TIMEOUT = 5.0
"""Seconds that a hub waits for the last look when it ends."""

Known = tuple[str, int]
"""The epoch and the head that the hub knows."""

logger = logging.getLogger(__name__)


async def run(ring: Callable[[], None], known: Callable[[], Known]) -> None:
    """Call `ring` in this event loop whenever the log isn't where `known` says. `known` is called in another thread."""
    if not is_needed():
        return
    loop = asyncio.get_running_loop()
    stopped = Event()
    watch = DatabaseWatch(lambda: loop.call_soon_threadsafe(ring), known)
    # A daemon, because Daphne's loop ends without cancelling its tasks. The process would wait for the thread for ever.
    thread = Thread(target=watch.run, args=(stopped,), name="rill-look", daemon=True)
    thread.start()
    try:
        await loop.create_future()
    finally:
        stopped.set()
        if not loop.is_closed():  # otherwise `Hub.end` closes this coroutine, which can't await any more
            await asyncio.to_thread(thread.join, STOP_TIMEOUT)
        else:
            thread.join(STOP_TIMEOUT)


def is_needed() -> bool:
    """Whether other processes can't ring, and their writes can be seen."""
    if not isinstance(get_channel_layer(), InMemoryChannelLayer | None):
        return False
    in_memory: Callable[[], bool] = getattr(connection, "is_in_memory_db", lambda: False)
    return not in_memory()


class FileReplaced(Exception):
    """SQLite's file isn't at its path any more."""


class DatabaseWatch:
    """Runs in its own thread. Reaches the hub only through `ring` and `known`."""

    def __init__(self, ring: Callable[[], object], known: Callable[[], Known]) -> None:
        self._ring = ring
        self._known = known
        self._seen: tuple[Known, bool] | None = None
        self._cursor: Any = None
        self._version: object = None
        self._file: object = None

    def run(self, stopped: Event) -> None:
        pause = INTERVAL
        try:
            while not stopped.wait(pause):
                pause = self.look()
        except FileReplaced as replaced:
            logger.warning(
                "%s was moved, removed or replaced: restart the server, which still reads the old file", replaced
            )
        finally:
            connections.close_all()

    def look(self) -> float:
        """Look once. Returns the seconds until the next look. Raises FileReplaced."""
        try:
            with connection.wrap_database_errors:
                if self._may_have_changed() and self._is_news():
                    self._ring()
        except DatabaseError:  # the poller logs what is wrong, and polls meanwhile
            self._cursor = None
            connections.close_all()
            pause: float = conf.FEED_POLL
            return pause
        return INTERVAL

    def _may_have_changed(self) -> bool:
        """Whether another connection may have committed. SQLite counts that; elsewhere only the log can tell."""
        if self._cursor is None:
            self._connect()
        if connection.vendor != "sqlite":
            return True
        if file_at_path() != self._file:
            raise FileReplaced(connection.settings_dict["NAME"])
        version, self._version = self._version, self._cursor.execute("PRAGMA data_version").fetchone()
        return version != self._version

    def _is_news(self) -> bool:
        """Whether the log has a state that the hub doesn't know yet. Each state is news only once: a hub that fails to
        read it reads at its next poll."""
        epoch, head, waiting = glance(self._cursor)
        seen, self._seen = self._seen, ((epoch, head), waiting)
        return seen != self._seen and (waiting or (epoch, head) != self._known())

    def _connect(self) -> None:
        """Use the database driver's own cursor, which takes half as long as Django's."""
        connection.ensure_connection()
        assert connection.connection is not None
        self._cursor = connection.connection.cursor()
        self._version, self._file = None, file_at_path()


def file_at_path() -> object:
    """Identifies the file at SQLite's path, or None if there is none."""
    try:
        found = Path(connection.settings_dict["NAME"]).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
