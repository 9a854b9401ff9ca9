"""The newest part of the log, encoded and in memory, and the frames made of it. No I/O."""

from collections.abc import Sequence

from feed.frames.entries import NO_AUDIENCES, Entry
from feed.frames.formats import Frame, Told, changes_frame
from feed.hub.watcher import Watcher
from feed.streams import Personal

FRAME_SIZE = 64 * 1024
"""Bytes after which a frame ends: memory holds one of them for each client that doesn't read."""
MAX_FRAMES = 64
MAX_FRAME_BYTES = 4 * 1024 * 1024
"""Bytes of all cached frames. A larger frame isn't cached."""


class Tail:
    """The changes at the positions (start, head] of one epoch.

    epoch: which log positions count in, "" before the log was first read.
    head: the newest position that watchers can be sent; -1 before the log was first read.
    size: bytes of the events in all formats.
    access_changes: the position at which each user's access changed last.
    frames: cached frames, by the key of the watchers that get them.
    """

    def __init__(self) -> None:
        self.restart("", -1)

    def restart(self, epoch: str, head: int) -> None:
        """Empty it, at this position of this epoch."""
        self.epoch = epoch
        self.start = self.head = head
        self.entries: list[Entry] = []
        self.size = 0
        self.access_changes: dict[str, int] = {}
        self._last_private = -1
        self._forget_frames()

    def append(self, entries: Sequence[Entry], max_changes: int, max_bytes: int) -> None:
        """Add the changes that follow the head. The oldest changes go when a maximum is exceeded."""
        self.entries += entries
        self.head += len(entries)
        self.size += sum(entry.total_size for entry in entries)
        self._note_access(entries)
        self._drop_oldest(max_changes, max_bytes)
        self._forget_frames()

    def replace(self, entries: list[Entry], max_bytes: int) -> None:
        """Put the same changes in place of those that it has, with newer events or in more formats."""
        self.entries = entries
        self.size = sum(entry.total_size for entry in entries)
        self._note_access(entries)
        self._drop_oldest(len(entries), max_bytes)
        self._forget_frames()

    def _note_access(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.is_access:
                self.access_changes |= dict.fromkeys(entry.streams, entry.position)
            elif entry.private:
                self._last_private = entry.position

    def _drop_oldest(self, max_changes: int, max_bytes: int) -> None:
        dropped = max(0, len(self.entries) - max_changes)
        size = self.size - sum(entry.total_size for entry in self.entries[:dropped])
        while size > max_bytes:
            size -= self.entries[dropped].total_size
            dropped += 1
        del self.entries[:dropped]
        self.size, self.start = size, self.head - len(self.entries)
        if self.access_changes:
            kept = ((user, position) for user, position in self.access_changes.items() if position > self.start)
            self.access_changes = dict(kept)

    def _forget_frames(self) -> None:
        self.frames: dict[tuple[object, ...], Frame] = {}
        self._private: dict[int, frozenset[str]] = {}
        self._personal: dict[tuple[int, tuple[Personal, ...]], frozenset[str]] = {}
        self._frame_bytes = 0

    def sent_up_to(self, watcher: Watcher) -> int:
        """The position up to which there is nothing left to send to the watcher."""
        return self.head if watcher.pending_from is None else watcher.pending_from - 1

    def private_after(self, position: int) -> frozenset[str]:
        """The audiences that decide who is told what of the changes after the position."""
        if position >= self._last_private:
            return NO_AUDIENCES
        if position not in self._private:
            after = self.entries[max(0, position - self.start) :]
            self._private[position] = frozenset[str]().union(*(entry.private for entry in after))
        return self._private[position]

    def deciding(self, watcher: Watcher, position: int) -> frozenset[str]:
        """The audiences that decide what of the changes after the position the watcher is told."""
        private = self.private_after(position)
        return private | self._personal_after(position, watcher.personal) if watcher.personal else private

    def _personal_after(self, position: int, personal: tuple[Personal, ...]) -> frozenset[str]:
        """The audiences for whose users these streams hold some of the changes after the position."""
        key = position, personal
        if key not in self._personal:
            after = self.entries[max(0, position - self.start) :]
            found = (stream.audiences(entry.reach) for entry in after if not entry.is_access for stream in personal)
            self._personal[key] = frozenset[str]().union(*found)
        return self._personal[key]

    def frame_key(self, watcher: Watcher) -> tuple[object, ...]:
        """Watchers with the same key get the same frame. Without changes a frame is the same for all streams."""
        pending = watcher.pending_from
        if pending is None:
            return watcher.format, watcher.epoch, watcher.cursor
        audiences = self.deciding(watcher, pending - 1) & watcher.audiences
        return watcher.format, watcher.epoch, watcher.cursor, pending, watcher.streams, audiences

    def frame(self, watcher: Watcher) -> Frame:
        """The frame after the watcher's cursor, if memory holds all its changes. Cached for watchers with the same
        key."""
        frame = make_frame(watcher, self.entries[self.sent_up_to(watcher) - self.start :], self.head)
        size = len(frame.text)
        if len(self.frames) >= MAX_FRAMES or self._frame_bytes + size > MAX_FRAME_BYTES:
            self._forget_frames()
        if size <= MAX_FRAME_BYTES:
            self.frames[self.frame_key(watcher)] = frame
            self._frame_bytes += size
        return frame


def make_frame(watcher: Watcher, entries: Sequence[Entry], position: int) -> Frame:
    """The watcher's changes among the entries, up to `position` or until the frame is large enough."""
    told, parts = list[Told](), dict[str, str]()
    streams, audiences, size = watcher.streams, watcher.audiences, 0
    rows = [each for each in watcher.personal if not each.is_badge or watcher.format == "json"]
    badges = [each for each in watcher.personal if each.is_badge]
    for entry in entries:
        if action := entry.told(streams, audiences, rows):
            size += entry.size(watcher.format)
            if told and size > FRAME_SIZE:
                position = entry.position - 1
                break
            told.append((entry, action))
        if entry.tallies and action:
            parts |= entry.tallies_for(streams, audiences, rows)
        if entry.badges and badges:
            parts |= entry.badges_for(audiences, badges)
    return changes_frame(watcher.format, watcher.epoch, watcher.cursor, position, told, parts.values())
