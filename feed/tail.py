"""The newest part of the log as a hub keeps it, and the frames that are cut from it. No I/O."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from feed.frames import Entry, changes_frame
from feed.sessions import Login

FRAME_SIZE = 64 * 1024
"""Bytes after which a frame is cut short: a client that doesn't read keeps one of them in memory."""
CACHED_FRAMES = 64


@dataclass(eq=False, slots=True)
class Watcher:
    """One connected websocket as the hub knows it.

    cursor: the position up to which it has been sent everything.
    log: the name of the log that its cursor counts in, or "" if the client didn't say.
    login: the session in which its user is logged in, or None for somebody who isn't.
    unseen: the first position after the cursor that may concern it; None if none up to the hub's head does.
    ended: is given the reason, once its connection has to end.
    """

    streams: frozenset[str]
    format: str
    cursor: int
    log: str = ""
    login: Login | None = None
    unseen: int | None = None
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ended: "asyncio.Future[Exception] | None" = None

    def wake(self, position: int) -> None:
        if self.unseen is None or position < self.unseen:
            self.unseen = position
        self.woken.set()

    def go_back(self, after: int) -> None:
        """Set the cursor back, if that is back, so that what has been sent since is sent again."""
        if after < self.cursor:
            self.cursor, self.unseen = after, after + 1
            self.woken.set()

    def end(self, reason: Exception) -> None:
        """Have the connection ended; the first reason counts."""
        if self.ended and not self.ended.done():
            self.ended.set_result(reason)


class Tail:
    """The changes at the positions (start, head], encoded; the oldest go when there are more than `most`."""

    def __init__(self, head: int) -> None:
        self.head = head
        self.entries: list[Entry] = []
        self._frames: dict[tuple[object, ...], tuple[str, int]] = {}

    @property
    def start(self) -> int:
        """The position before the first change that is kept."""
        return self.head - len(self.entries)

    def append(self, entries: Sequence[Entry], most: int) -> None:
        """Take in the changes that follow the head."""
        self.entries += entries
        self.head += len(entries)
        del self.entries[:-most]
        self._frames.clear()

    def frame(self, watcher: Watcher, begin: int) -> tuple[str, int]:
        """The frame that follows the watcher's cursor, if nothing up to `begin` concerns it, and where it ends.

        Equal frames are made once.
        """
        key = (watcher.format, watcher.streams, watcher.log, watcher.cursor, begin)
        if key not in self._frames:
            if len(self._frames) >= CACHED_FRAMES:
                self._frames.clear()
            self._frames[key] = cut(watcher, self.entries[begin - self.start :], self.head)
        return self._frames[key]


def cut(watcher: Watcher, entries: Sequence[Entry], position: int) -> tuple[str, int]:
    """The frame of what concerns the watcher, up to `position` or up to where it grows too large."""
    chosen: list[Entry] = []
    size = 0
    for entry in entries:
        if watcher.streams.isdisjoint(entry.streams):
            continue
        size += entry.size(watcher.format)
        if chosen and size > FRAME_SIZE:
            position = entry.position - 1
            break
        chosen.append(entry)
    return changes_frame(watcher.format, watcher.log, watcher.cursor, position, chosen), position
