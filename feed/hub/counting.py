"""Writes frames, and counts them: those that get the same frame together, because most of them do."""

from time import time

from feed.counts import counts
from feed.frames.formats import Frame
from feed.hub.watcher import Watcher


class CountingWriter:
    """Call `flush` before the event loop does other work."""

    __slots__ = ("_door", "_frame", "_live", "_recorded_at", "_size", "_times")

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._door = ""
        self._recorded_at = 0.0
        self._size = self._times = self._live = 0

    def write(self, watcher: Watcher, frame: Frame) -> None:
        if frame is not self._frame or watcher.door != self._door:
            self.flush()
            self._begin(watcher.door, frame)
        self._times += 1
        watcher.frames += 1
        watcher.sent_bytes += self._size
        # What happened before it came isn't late, but history.
        if self._recorded_at > watcher.joined_at:
            self._live += 1
        watcher.connection.write(frame)

    def flush(self) -> None:
        """Count what was written since the last call."""
        if self._frame:
            counts.frames[self._door] += self._times
            counts.sent_bytes[self._door] += self._times * self._size
            if self._live:
                counts.delays.add(max(0.0, time() - self._recorded_at), self._live)
            self._frame, self._times, self._live = None, 0, 0

    def _begin(self, door: str, frame: Frame) -> None:
        self._frame, self._door = frame, door
        self._recorded_at, self._size = frame.recorded_at, frame.size
