"""Sends a watcher the frame after its cursor: from memory, from the database, or a reset."""

import asyncio
from typing import Any

from feed import log
from feed.counts import counts
from feed.frames.formats import Frame, reset_frame
from feed.hub.audiences import Audiences
from feed.hub.counting import CountingWriter
from feed.hub.history import History, HistoryPage, HistoryQuery
from feed.hub.tail import Tail
from feed.hub.watcher import Watcher


class Sender:
    def __init__(self, tail: Tail, history: History, audiences: Audiences) -> None:
        self._tail, self._history, self._audiences = tail, history, audiences
        self._reads: dict[Watcher, asyncio.Task[HistoryPage]] = {}
        self._counting = CountingWriter()

    def serve(self, watcher: Watcher) -> asyncio.Task[Any] | None:
        """Send one frame, which moves the watcher's cursor; or return the task to wait for before trying again."""
        sent = self._tail.sent_up_to(watcher)
        if self._tail.access_changes and (reason := self._broken_cursor(watcher)):
            self._reset(watcher, reason)
        elif watcher.access.audiences is None and self._tail.deciding(watcher, sent):
            return self._audiences.lookup(watcher.access)
        elif frame := self._tail.frames.get(self._tail.frame_key(watcher)):  # nearly always: others got it just now
            self._send(watcher, frame)
        elif reason := self._broken_cursor(watcher):
            self._reset(watcher, reason)
        elif sent >= self._tail.start:
            self._send(watcher, self._tail.frame(watcher))
        else:
            return self._serve_history(watcher, sent)
        self.forget(watcher)
        return None

    def count(self) -> None:
        """Count what was sent since the last call."""
        self._counting.flush()

    def forget(self, watcher: Watcher) -> None:
        self._reads.pop(watcher, None)

    def _serve_history(self, watcher: Watcher, after: int) -> asyncio.Task[Any] | None:
        query = HistoryQuery(watcher.epoch, watcher.streams, watcher.format)
        try:
            page = self._page(watcher, query, after)
        except log.Expired:
            self._reset(watcher, "expired")
            return None
        if isinstance(page, asyncio.Task):
            self._reads[watcher] = page
            return page
        if page.changes_access_of(watcher.access.user, watcher.knows_access_at):
            self._reset(watcher, "access")
        elif watcher.access.audiences is None and page.depends_on_access(watcher):
            return self._audiences.lookup(watcher.access)
        else:
            self._send(watcher, page.frame(watcher, after))
        return None

    def _page(self, watcher: Watcher, query: HistoryQuery, after: int) -> HistoryPage | asyncio.Task[HistoryPage]:
        read = self._reads.pop(watcher, None)
        if read is None:
            return self._history.page(query, after, self._tail.head)
        if not read.done():
            return read
        page = read.result()
        # The client may have rewound its cursor while the page was read.
        return page if page.answers(query, after) else self._history.page(query, after, self._tail.head)

    def _send(self, watcher: Watcher, frame: Frame) -> None:
        assert frame.position is not None
        watcher.advance(frame.position, self._tail.head)
        self._counting.write(watcher, frame)

    def _broken_cursor(self, watcher: Watcher) -> str | None:
        """Why the watcher's cursor can't be followed, if it can't."""
        if watcher.epoch != self._tail.epoch:
            return "other_log"
        if watcher.cursor > self._tail.head:
            return "ahead"
        return "access" if self._tail.access_changes.get(watcher.access.user, 0) > watcher.knows_access_at else None

    def _reset(self, watcher: Watcher, reason: str) -> None:
        counts.resets[reason] += 1
        watcher.epoch, watcher.started_at = self._tail.epoch, 0  # positions of another log mean nothing here
        self._send(watcher, reset_frame(watcher.format, watcher.epoch, self._tail.head, reason))
