"""What of the log memory no longer holds: read from the database for the watchers that are behind.

A read is as large as a few frames, since what it costs is mostly the queries. A watcher takes them one by one,
and who shows that it doesn't read is left with one: so what is read is kept here for a moment, and not with it.
"""

import time
from collections import deque
from dataclasses import dataclass

from feed import frames, log
from feed.frames import Entry
from feed.models import Change
from feed.tail import FRAME_SIZE, Cut, Watcher, cut

BATCH = 500
"""Changes that are read from the log in one go."""
READ_SIZE = 4 * FRAME_SIZE
"""Bytes of events that are read in one go."""
TYPICAL_SIZE = 2048.0
"""Bytes that an event is taken to have before one has been read."""
KEPT, KEPT_SECONDS = 8, 2.0
"""So many reads are kept, for so long: the same events may be edited or deleted in the meantime."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is read: the changes of the log of this name that are in one of the streams, in one format."""

    log: str
    streams: frozenset[str]
    format: str


@dataclass(frozen=True, slots=True)
class Part:
    """What of the changes (after, position] belongs to the subject, and when it was read (`time.monotonic()`)."""

    subject: Subject
    after: int
    position: int
    entries: list[Entry]
    at: float

    def covers(self, subject: Subject, after: int) -> bool:
        fresh = time.monotonic() - self.at < KEPT_SECONDS
        return fresh and subject == self.subject and self.after <= after < self.position

    def cut(self, watcher: Watcher, begin: int) -> Cut:
        """The frame that follows the watcher's cursor, if nothing up to `begin` concerns it."""
        return cut(watcher, [entry for entry in self.entries if entry.position > begin], self.position)


class History:
    """Reads parts of the log, in whichever thread, and keeps the newest."""

    def __init__(self) -> None:
        self._parts: deque[Part] = deque(maxlen=KEPT)
        self._size: dict[str, float] = {}
        """By format, how many bytes the events had on average that were read last."""

    def kept(self, subject: Subject, after: int) -> Part | None:
        """The part in which what follows the position `after` has been read just now."""
        return next((part for part in list(self._parts) if part.covers(subject, after)), None)

    def read(self, subject: Subject, after: int, upto: int) -> Part:
        """Raises log.Expired."""
        at, position, entries, size = time.monotonic(), after, list[Entry](), 0
        while position < upto and size < READ_SIZE * 3 // 4 and len(entries) < BATCH:
            fitting = int((READ_SIZE - size) / self._size.get(subject.format, TYPICAL_SIZE))
            changes, position = find(position, upto, subject.streams, min(max(fitting, 1), BATCH - len(entries)))
            loaded = frames.load_encoded(changes, [subject.format], READ_SIZE - size)
            if len(loaded) < len(changes):  # they are larger than those before
                position = loaded[-1].position
            size += sum(entry.size(subject.format) for entry in loaded)
            entries += loaded
            if size:
                self._size[subject.format] = size / len(entries)
        part = Part(subject, after, position, entries, at)
        if size <= 2 * READ_SIZE:
            self._parts.append(part)
        return part


def find(after: int, upto: int, streams: frozenset[str], most: int) -> tuple[list[Change], int]:
    """Of the changes (after, position] those in one of the streams, `most` at most, and that position."""
    position, changes, span = after, list[Change](), most
    while position < upto and len(changes) < most:
        begin, position = position, min(position + span, upto)
        changes += [change for change in log.read(begin, position) if not streams.isdisjoint(change.streams)]
        span = BATCH  # not all are
    if len(changes) > most:
        position = changes[most - 1].at_position
    return changes[:most], position
