"""Serves the watchers that a frame is due to, one after the other.

One task serves all watchers of a process. A task for each watcher would cost more than the frames.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Any

from feed.conf import conf
from feed.hub.sender import Sender
from feed.hub.watcher import Watcher
from feed.tracing import tracing

BATCH = 64
"""Watchers that are served before the event loop does other work."""
TICK = 0.25
"""Maximum seconds between two checks for due heartbeats and stalled clients."""


class Stalled(Exception):
    """The client hasn't read for FEED_STALL seconds, although a frame is due to it."""


class Scheduler:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._queue: deque[Watcher] = deque()
        self._any_due = asyncio.Event()
        self._sending: list[Any] = []
        """The spans of what is being sent."""
        self._watchers: set[Watcher] = set()
        self._blocked: dict[Watcher, float] = {}
        """When each blocked watcher was found to be not reading, oldest first."""

    def add(self, watcher: Watcher) -> None:
        watcher.connection.on_writable = partial(self._unblock, watcher)
        watcher.served_at = monotonic()
        self._watchers.add(watcher)

    def discard(self, watcher: Watcher) -> None:
        watcher.connection.on_writable = None
        self._watchers.discard(watcher)
        self._blocked.pop(watcher, None)
        self._sender.forget(watcher)

    def enqueue(self, watcher: Watcher) -> None:
        """Send the watcher a frame in its turn, even one without changes."""
        if not watcher.is_due:
            watcher.is_due = True
            self._queue.append(watcher)
            self._any_due.set()

    def watchers(self) -> list[Watcher]:
        """All watchers, also for another thread: to copy a set is one step."""
        return list(self._watchers)

    def blocked(self) -> int:
        """How many watchers aren't reading, although a frame is due to them."""
        return len(self._blocked)

    def trace(self, read: Any, traces: Sequence[str]) -> None:
        """Trace the sending to those who are enqueued now. read: the span of the read."""
        if self._queue:
            self._sending.append(tracing.sending(read, traces, len(self._queue)))

    async def run(self) -> None:
        while True:
            await self._any_due.wait()
            self._serve_batch(min(BATCH, len(self._queue)))
            if not self._queue:
                self._any_due.clear()
                while self._sending:
                    self._sending.pop().end()
            await asyncio.sleep(0)

    def serve_all(self) -> None:
        """Serve every watcher that a frame is due to, now. For a hub whose reads never make a watcher wait."""
        while self._queue:
            self._serve_batch(len(self._queue))

    async def run_timers(self) -> None:
        while True:
            await asyncio.sleep(min(TICK, conf.FEED_HEARTBEAT / 10, conf.FEED_STALL / 10))
            self._enqueue_heartbeats()
            self._end_stalled()

    def _serve_batch(self, count: int) -> None:
        now = monotonic()
        for _ in range(count):
            watcher = self._queue.popleft()
            watcher.is_due = False
            if watcher not in self._watchers:  # it has left
                continue
            if not watcher.connection.is_writable:
                self._blocked.setdefault(watcher, now)
                continue
            watcher.served_at = now
            self._serve(watcher)
        self._sender.count()

    def _serve(self, watcher: Watcher) -> None:
        try:
            read = self._sender.serve(watcher)
        except Exception as error:  # noqa: BLE001 (the others are still served; this watcher's consumer raises it)
            watcher.end(error)
            return
        if read is not None:
            read.add_done_callback(lambda _: self.enqueue(watcher))
        elif watcher.pending_from is not None:
            self.enqueue(watcher)

    def _unblock(self, watcher: Watcher) -> None:
        if self._blocked.pop(watcher, None) is not None:
            self.enqueue(watcher)

    def _enqueue_heartbeats(self) -> None:
        before = monotonic() - conf.FEED_HEARTBEAT
        for watcher in self._watchers:
            if watcher.served_at <= before:
                self.enqueue(watcher)

    def _end_stalled(self) -> None:
        before = monotonic() - conf.FEED_STALL
        for watcher, since in self._blocked.items():
            if since > before:
                break
            watcher.end(Stalled())
