"""Counts the frames that watchers are sent: those that get the same frame together, because most of them do."""

from time import time

from feed.counts import counts
from feed.frames.formats import Frame
from feed.hub.watcher import Watcher


class Sent:
    """What was sent since the last `flush`. Call that before the event loop does other work."""

    __slots__ = ("_format", "_frame", "_live", "_times")

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._format = ""
        self._times = self._live = 0

    def add(self, watcher: Watcher, frame: Frame) -> None:
        if frame is not self._frame:
            self.flush()
            self._frame, self._format = frame, watcher.format
        self._times += 1
        # What happened before it came isn't late, but history.
        if frame.recorded_at > watcher.joined_at:
            self._live += 1

    def flush(self) -> None:
        if self._frame:
            counts.frames[self._format] += self._times
            counts.sent_bytes[self._format] += self._times * self._frame.size
            if self._live:
                counts.delays.add(max(0.0, time() - self._frame.recorded_at), self._live)
            self._frame, self._times, self._live = None, 0, 0
