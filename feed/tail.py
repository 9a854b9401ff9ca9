"""The newest part of the log as a hub keeps it, and the frames that are cut from it. No I/O."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from feed import frames
from feed.flow import Flow
from feed.frames import Entry, Frame, changes_frame
from feed.sessions import Login

FRAME_SIZE = 64 * 1024
"""Bytes after which a frame is cut short: a client that doesn't read keeps one of them in memory."""
MOST_CUTS = 64
MOST_CUT_BYTES = 4 * 1024 * 1024
"""What the kept frames may take: one with an event of megabytes isn't kept."""


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
    """The changes at the positions (start, head], encoded.

    size: how many bytes their events take, in all formats.
    cuts: the frames that have been cut from them, by the place of the watchers that they were cut for.
    """

    def __init__(self, head: int) -> None:
        self.start = self.head = head
        self.entries: list[Entry] = []
        self.size = 0
        self.cuts: dict[tuple[object, ...], Cut] = {}
        self._cut_bytes = 0

    def append(self, entries: Sequence[Entry], most: int, most_bytes: int) -> None:
        """Take in the changes that follow the head. The oldest go if there are more than so many, or so many bytes."""
        self.entries += entries
        self.head += len(entries)
        self.size += sum(entry.total_size for entry in entries)
        self._drop(most, most_bytes)
        self._forget_cuts()

    def encode_more(self, formats: Collection[str], most_bytes: int) -> None:
        """Encode what is kept in more formats. Loads the events anew: not for the event loop."""
        frames.encode_more(self.entries, formats)
        self.size = sum(entry.total_size for entry in self.entries)
        self._drop(len(self.entries), most_bytes)

    def _drop(self, most: int, most_bytes: int) -> None:
        oldest = max(0, len(self.entries) - most)
        size = self.size - sum(entry.total_size for entry in self.entries[:oldest])
        while size > most_bytes:
            size -= self.entries[oldest].total_size
            oldest += 1
        del self.entries[:oldest]
        self.size, self.start = size, self.head - len(self.entries)

    def _forget_cuts(self) -> None:
        self.cuts.clear()
        self._cut_bytes = 0

    def begin(self, watcher: Watcher) -> int:
        """The position up to which nothing concerns the watcher that it hasn't been sent."""
        return self.head if watcher.unseen is None else watcher.unseen - 1

    def cut(self, watcher: Watcher) -> Cut:
        """The frame that follows the watcher's cursor, if all that may be in it is in memory; kept for who stands at
        the same place."""
        made = cut(watcher, self.entries[self.begin(watcher) - self.start :], self.head)
        size = len(made[0].text)
        if len(self.cuts) >= MOST_CUTS or self._cut_bytes + size > MOST_CUT_BYTES:
            self._forget_cuts()
        if size <= MOST_CUT_BYTES:
            self.cuts[watcher.place()] = made
            self._cut_bytes += size
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
