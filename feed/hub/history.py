"""Reads the part of the log that memory no longer holds, for watchers that are behind.

A page is as large as a few frames, because most of its cost is the queries. Pages are cached here for a moment, and not
by the watcher: a client that has stopped reading costs memory for one frame, not for one page.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from feed import log
from feed.frames import encoding
from feed.frames.entries import Entry
from feed.frames.formats import Frame
from feed.hub.tail import FRAME_SIZE, make_frame
from feed.hub.threads import ReadingThreads
from feed.hub.watcher import Watcher
from feed.streams import Personal, personal

BATCH = 500
"""Changes in one read of the log."""
MAX_SCAN = 20 * BATCH
"""Changes to scan before a lagging watcher is sent a frame, even an empty one."""
PAGE_SIZE = 4 * FRAME_SIZE
"""Bytes of events in a page, about."""
EXPECTED_SIZE = 2048.0
"""Bytes of an event, as long as none has been read."""
MAX_PAGES, PAGE_SECONDS = 8, 2.0
"""How many pages are cached, and for how long: their events may change."""


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """What to read: the changes of one epoch that are in one of the streams, in one format."""

    epoch: str
    streams: frozenset[str]
    format: str


@dataclass(frozen=True)
class HistoryPage:
    """The query's changes at the positions (after, position].

    size: bytes of their events.
    read_at: by time.monotonic().
    hidden_from: the users who may not see all of these events any more.
    """

    query: HistoryQuery
    after: int
    position: int
    entries: list[Entry]
    size: int
    read_at: float
    hidden_from: frozenset[str] = frozenset()

    def answers(self, query: HistoryQuery, after: int) -> bool:
        """Whether it has what follows the position `after`."""
        return query == self.query and self.after <= after < self.position

    def is_fresh(self) -> bool:
        return time.monotonic() - self.read_at < PAGE_SECONDS

    def frame(self, watcher: Watcher, after: int) -> Frame:
        """The frame after the watcher's cursor, of which nothing up to `after` is for the watcher."""
        return make_frame(watcher, [entry for entry in self.entries if entry.position > after], self.position)

    @cached_property
    def _is_private(self) -> bool:
        return any(entry.private for entry in self.entries)

    def depends_on_access(self, watcher: Watcher) -> bool:
        """Whether audiences decide what the watcher is told."""
        return self._is_private or bool(watcher.personal and self.entries)

    def changes_access_of(self, user: str, after: int) -> bool:
        """Whether the user's access has changed after the position."""
        return any(entry.is_access and entry.position > after and user in entry.streams for entry in self.entries)


class History:
    """Reads pages in other threads. Watchers that ask for the same page at the same time share one read."""

    def __init__(self, threads: ReadingThreads, forget_access: Callable[[Iterable[str]], object]) -> None:
        self._threads = threads
        self._forget_access = forget_access
        self._pages: deque[HistoryPage] = deque(maxlen=MAX_PAGES)
        self._reads: dict[tuple[HistoryQuery, int], asyncio.Task[HistoryPage]] = {}
        self._sizes: dict[str, float] = {}
        """Average bytes of the events in the last page, by format."""

    def page(self, query: HistoryQuery, after: int, head: int) -> HistoryPage | asyncio.Task[HistoryPage]:
        """The page with what follows the position `after`, or the task that reads it. The task may raise
        log.Expired."""
        for page in self._pages:
            if page.answers(query, after) and page.is_fresh():
                return page
        key = (query, after)
        if key not in self._reads:
            upto = min(after + MAX_SCAN, head)
            task = asyncio.create_task(self._threads.run(lambda: self.read(query, after, upto, head)))
            task.add_done_callback(lambda task: self._finish(key, task))
            self._reads[key] = task
        return self._reads[key]

    def _finish(self, key: tuple[HistoryQuery, int], task: asyncio.Task[HistoryPage]) -> None:
        self._reads.pop(key, None)
        # The exception is retrieved here, because the watchers that would retrieve it may have left.
        if not task.cancelled() and not task.exception():
            self.keep(task.result())

    def keep(self, page: HistoryPage) -> None:
        """Cache the page. Before anybody gets it, those who may not see all of it are forgotten."""
        self._forget_access(page.hidden_from)
        if page.size <= 2 * PAGE_SIZE:
            self._pages.append(page)

    async def close(self) -> None:
        reads = [*self._reads.values()]
        for read in reads:
            read.cancel()
        await asyncio.gather(*reads, return_exceptions=True)

    def read(self, query: HistoryQuery, after: int, upto: int, head: int) -> HistoryPage:
        """Read a page, in the calling thread. `head` is how far the hub knows the log. Raises log.Expired."""
        read_at, position, entries, size = time.monotonic(), after, list[Entry](), 0
        while position < upto and size < PAGE_SIZE * 3 // 4 and len(entries) < BATCH:
            fitting = int((PAGE_SIZE - size) / self._sizes.get(query.format, EXPECTED_SIZE))
            changes, position = find(position, upto, query.streams, min(max(fitting, 1), BATCH - len(entries)))
            loaded = encoding.load_encoded(changes, [query.format], PAGE_SIZE - size)
            if len(loaded) < len(changes):  # the events are larger than expected
                position = loaded[-1].position
            size += sum(entry.size(query.format) for entry in loaded)
            entries += loaded
            if size:
                self._sizes[query.format] = size / len(entries)
        return HistoryPage(query, after, position, entries, size, read_at, encoding.newly_hidden_from(entries, head))


def _may_concern(change: log.Change, streams: frozenset[str], personal: list[Personal]) -> bool:
    """Whether the change may concern a watcher of these streams. One of access concerns users, whatever they watch."""
    if change.action == log.Change.Action.ACCESS:
        return True
    places = [change.streams] if change.moved_from is None else [change.streams, change.moved_from["streams"]]
    if any(not streams.isdisjoint(place) for place in places):
        return True
    # Whom it concerns each watcher knows. So all of them share the page.
    return any(stream.audiences(frozenset(place)) for stream in personal for place in places)


def find(after: int, upto: int, streams: frozenset[str], limit: int) -> tuple[list[log.Change], int]:
    """The first `limit` changes after the position `after` that may concern a watcher of these streams, and the
    position scanned up to."""
    position, changes, span = after, list[log.Change](), limit
    of_users = personal(streams)
    while position < upto and len(changes) < limit:
        begin, position = position, min(position + span, upto)
        changes += [change for change in log.read(begin, position) if _may_concern(change, streams, of_users)]
        span = BATCH  # some changes are in other streams
    if len(changes) > limit:
        position = changes[limit - 1].position or upto
    return changes[:limit], position
