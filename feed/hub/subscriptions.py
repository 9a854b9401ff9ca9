"""Which watchers watch which streams."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from feed import streams
from feed.frames.entries import Entry
from feed.frames.formats import watching_frame
from feed.hub.audiences import Audiences
from feed.hub.scheduler import Scheduler
from feed.hub.watcher import Watcher
from feed.streams import Personal


class Subscriptions:
    def __init__(self, scheduler: Scheduler, audiences: Audiences) -> None:
        self._scheduler, self._audiences = scheduler, audiences
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

    def change(self, watcher: Watcher, names: frozenset[str], after: int | None, head: int) -> None:
        """Send the watcher the changes of these streams instead, from its cursor on, or from `after` if that is less,
        and tell it so. The client must be reading."""
        self.discard(watcher)
        watcher.watch(names)
        self.add(watcher)
        watcher.advance(watcher.cursor if after is None else min(after, watcher.cursor), head)
        watcher.connection.write(watching_frame(watcher.epoch, watcher.cursor, names))
        self._scheduler.enqueue(watcher)

    def watchers(self) -> set[Watcher]:
        return set().union(*self._by_stream.values())

    def notify(self, entries: Sequence[Entry]) -> None:
        """Enqueue the watchers that one of these changes may concern."""
        first: dict[str, int] = {}
        for entry in entries:
            if entry.is_access:
                self._enqueue(self._audiences.changed(entry.streams), entry.position)
            elif entry.private:
                self._enqueue(self._may_see(entry), entry.position)
            else:
                for stream in entry.reach:
                    first.setdefault(stream, entry.position)
        for stream in first.keys() & self._by_stream.keys():
            self._enqueue(self._by_stream[stream], first[stream])
        for personal in self._watched_personal():
            self._notify_of(personal, entries)

    def _watched_personal(self) -> list[Personal]:
        return [stream for stream in streams.all_personal() if stream.prefix in self._by_stream]

    def _notify_of(self, personal: Personal, entries: Sequence[Entry]) -> None:
        """Enqueue the watchers of a personal stream that one of these public changes may concern. Looks at each of
        them once for all changes: an index of every user's follows would be too large."""
        first: dict[str, int] = {}
        for entry in entries:
            if not (entry.is_access or entry.private):
                for audience in personal.audiences(entry.reach):
                    first.setdefault(audience, entry.position)
        if first:
            concerned, any_position = frozenset(first), min(first.values())
            for watcher in self._by_stream[personal.prefix]:
                if watcher.access.audiences is None:
                    self._enqueue([watcher], any_position)
                elif found := concerned & watcher.audiences:
                    self._enqueue([watcher], min(first[audience] for audience in found))

    def trace(self, read: Any, traces: Sequence[str]) -> None:
        """Trace the sending of what was just read. read: its span."""
        self._scheduler.trace(read, traces)

    def forget_access(self, users: Iterable[str]) -> None:
        """Ask for the audiences of these users again, before their change of access is reached in the log."""
        self._audiences.changed(users)

    def _may_see(self, entry: Entry) -> list[Watcher]:
        """The watchers that a private change may concern. Those whose audiences aren't known are among them."""
        found = [watcher for stream in entry.reach for watcher in self._by_stream.get(stream, ())]
        for personal in self._watched_personal():
            found += _in_some(self._by_stream[personal.prefix], personal.audiences(entry.reach))
        places = [entry.audience] if entry.moved_from is None else [entry.audience, entry.moved_from.audience]
        return _in_some(found, places)

    def _enqueue(self, watchers: Iterable[Watcher], position: int) -> None:
        for watcher in watchers:
            watcher.mark_pending(position)
            self._scheduler.enqueue(watcher)

    def notify_all(self) -> None:
        """Enqueue all watchers: their cursors count in a log that has ended, or in a part of it that was pruned.

        Changes of access may have been passed over, so all audiences are asked for again.
        """
        self._audiences.forget_all()
        for watcher in self.watchers():
            self._enqueue([watcher], watcher.cursor + 1)


def _in_some(watchers: Iterable[Watcher], audiences: Collection[str]) -> list[Watcher]:
    """The watchers whose users are in one of these audiences, or may be."""
    return [each for each in watchers if each.access.audiences is None or not each.audiences.isdisjoint(audiences)]
