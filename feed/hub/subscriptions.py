"""Which watchers watch which streams."""

from collections.abc import Sequence

from feed.frames.entries import Entry
from feed.hub.scheduler import Scheduler
from feed.hub.watcher import Watcher


class Subscriptions:
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._by_stream: dict[str, dict[Watcher, None]] = {}
        """Dicts, not sets: in the order in which watchers came, which is that of their memory, iteration is faster."""

    def __bool__(self) -> bool:
        return bool(self._by_stream)

    def add(self, watcher: Watcher) -> None:
        for stream in watcher.streams:
            self._by_stream.setdefault(stream, {})[watcher] = None

    def discard(self, watcher: Watcher) -> None:
        for stream in watcher.streams:
            others = self._by_stream.get(stream, {})
            others.pop(watcher, None)
            if not others:
                self._by_stream.pop(stream, None)

    def watchers(self) -> set[Watcher]:
        return set().union(*self._by_stream.values())

    def notify(self, entries: Sequence[Entry]) -> None:
        """Enqueue the watchers whose streams hold one of these changes."""
        first: dict[str, int] = {}
        for entry in entries:
            for stream in entry.streams:
                first.setdefault(stream, entry.position)
        for stream in first.keys() & self._by_stream.keys():
            for watcher in self._by_stream[stream]:
                watcher.mark_pending(first[stream])
                self._scheduler.enqueue(watcher)

    def notify_all(self) -> None:
        """Enqueue all watchers: their cursors count in a log that has ended."""
        for watcher in self.watchers():
            watcher.mark_pending(watcher.cursor + 1)
            self._scheduler.enqueue(watcher)
