"""Sending: each watcher to whom something is due gets its turn.

One task serves all watchers of a process. A task for each would cost more than the frames that it sends.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic

from django.conf import settings

from feed.tail import Watcher

ROUND = 64
"""Watchers that are served before everything else in the process has its turn."""
TICK = 0.25
"""Seconds at most between two looks for heartbeats that are due, and for clients that don't read."""


class Stalled(Exception):
    """The client hasn't read for FEED_STALL seconds, though there was something for it."""


class Sending:
    """Calls `serve` with each watcher that is due and whose client reads, one after the other."""

    def __init__(self, serve: Callable[[Watcher], None]) -> None:
        self._serve = serve
        self._due: deque[Watcher] = deque()
        self._any_due = asyncio.Event()
        self._watchers: set[Watcher] = set()
        self._stuck: dict[Watcher, float] = {}
        """Since when each of those to whom something is due hasn't read; who was the first to stop first."""

    def add(self, watcher: Watcher) -> None:
        watcher.flow.on_writable = partial(self._free, watcher)
        watcher.served_at = monotonic()
        self._watchers.add(watcher)

    def discard(self, watcher: Watcher) -> None:
        watcher.flow.on_writable = None
        self._watchers.discard(watcher)
        self._stuck.pop(watcher, None)

    def call(self, watcher: Watcher) -> None:
        """Send it a frame when its turn comes."""
        if not watcher.due:
            watcher.due = True
            self._due.append(watcher)
            self._any_due.set()

    async def go_round(self) -> None:
        while True:
            await self._any_due.wait()
            self._give_turns(min(ROUND, len(self._due)))
            if not self._due:
                self._any_due.clear()
            await asyncio.sleep(0)

    async def tick(self) -> None:
        while True:
            await asyncio.sleep(min(TICK, settings.FEED_HEARTBEAT / 10, settings.FEED_STALL / 10))
            self._beat()
            self._end_stalled()

    def _give_turns(self, count: int) -> None:
        now = monotonic()
        for _ in range(count):
            watcher = self._due.popleft()
            watcher.due = False
            if watcher not in self._watchers:  # it has left
                continue
            if not watcher.flow.is_writable:
                self._stuck.setdefault(watcher, now)
                continue
            watcher.served_at = now
            try:
                self._serve(watcher)
            except Exception as error:  # noqa: BLE001 (whatever it is, the others are served; whoever serves this one raises it)
                watcher.end(error)

    def _free(self, watcher: Watcher) -> None:
        if self._stuck.pop(watcher, None) is not None:
            self.call(watcher)

    def _beat(self) -> None:
        before = monotonic() - settings.FEED_HEARTBEAT
        for watcher in self._watchers:
            if watcher.served_at <= before:
                self.call(watcher)

    def _end_stalled(self) -> None:
        before = monotonic() - settings.FEED_STALL
        for watcher, since in self._stuck.items():
            if since > before:
                break
            watcher.end(Stalled())
