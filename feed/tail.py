"""The newest part of the log as a hub keeps it, and the frames that are cut from it. No I/O."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from feed.flow import Flow
from feed.frames import Entry, Frame, changes_frame
from feed.sessions import Login

FRAME_SIZE = 64 * 1024
"""Bytes after which a frame is cut short: a client that doesn't read keeps one of them in memory."""
MOST_CUTS = 64


@dataclass(eq=False, slots=True)
class Watcher:
    """One connected websocket as the hub knows it.

    flow: how it is sent something.
    cursor: the position up to which it has been sent everything.
    log: the name of the log that its cursor counts in, or "" if the client didn't say.
    login: the session in which its user is logged in, or None for somebody who isn't.
    unseen: the first position after the cursor that may concern it; None if none up to the hub's head does.
    due: whether it waits for its turn to be sent a frame.
    served_at: when it last had its turn, by time.monotonic().
    leash: how whoever serves it is stopped, and for which reason it was.
    """

    streams: frozenset[str]
    format: str
    flow: Flow
    cursor: int = 0
    log: str = ""
    login: Login | None = None
    unseen: int | None = None
    due: bool = False
    served_at: float = 0.0
    leash: asyncio.Timeout | None = None
    reason: Exception | None = None

    def place(self) -> tuple[object, ...]:
        """Where it stands: all at the same place are due the same frame. One without changes is the same for all
        streams."""
        return self.format, self.streams if self.unseen else None, self.log, self.cursor, self.unseen

    def note(self, position: int) -> None:
        """Take in that the change at this position concerns it."""
        if self.unseen is None or position < self.unseen:
            self.unseen = position

    def stand(self, position: int, head: int) -> None:
        """Set the cursor, in a log that goes up to `head`."""
        self.cursor = position
        self.unseen = position + 1 if position < head else None

    def end(self, reason: Exception) -> None:
        """Have the connection ended; the first reason counts."""
        if self.leash and self.reason is None:
            self.reason = reason
            self.leash.reschedule(0)


Cut = tuple[Frame, int]
"""A frame, and the position at which it ends."""


class Tail:
    """The changes at the positions (start, head], encoded; the oldest go when there are more than `most`.

    cuts: the frames that have been cut from them, by the place of the watchers whom they were cut for.
    """

    def __init__(self, head: int) -> None:
        self.start = self.head = head
        self.entries: list[Entry] = []
        self.cuts: dict[tuple[object, ...], Cut] = {}

    def append(self, entries: Sequence[Entry], most: int) -> None:
        """Take in the changes that follow the head."""
        self.entries += entries
        self.head += len(entries)
        del self.entries[:-most]
        self.start = self.head - len(self.entries)
        self.cuts.clear()

    def begin(self, watcher: Watcher) -> int:
        """The position up to which nothing concerns the watcher that it hasn't been sent."""
        return self.head if watcher.unseen is None else watcher.unseen - 1

    def cut(self, watcher: Watcher) -> Cut:
        """The frame that follows the watcher's cursor, if all that may be in it is in memory; kept for who stands at
        the same place."""
        if len(self.cuts) >= MOST_CUTS:
            self.cuts.clear()
        made = cut(watcher, self.entries[self.begin(watcher) - self.start :], self.head)
        self.cuts[watcher.place()] = made
        return made


def cut(watcher: Watcher, entries: Sequence[Entry], position: int) -> Cut:
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
