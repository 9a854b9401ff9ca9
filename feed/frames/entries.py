"""A change as a hub keeps it, and what a watcher is told of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from feed.kinds.kind import root_model
from feed.log import PUBLIC, Change
from feed.streams import Personal, holds

NO_AUDIENCES: frozenset[str] = frozenset()
NO_PARTS: Mapping[Any, Any] = MappingProxyType({})


class ShownTally(NamedTuple):
    """
    html: how much was said to an event.
    audience: that of the event when it was counted. It may have been moved since the change.
    """

    html: str
    audience: str = PUBLIC


class Place(NamedTuple):
    """Where an event is: its audience, and the streams that hold it."""

    audience: str
    streams: frozenset[str]

    def is_seen(self, streams: frozenset[str], audiences: frozenset[str], personal: Collection[Personal] = ()) -> bool:
        """Whether a watcher of these streams sees it there, if its user is in these audiences.

        personal: those of the streams that are personal.
        """
        if self.audience not in audiences:
            return False
        return not streams.isdisjoint(self.streams) or bool(personal and holds(personal, self.streams, audiences))


@dataclass(eq=False)
class Entry:
    """A change and the present state of its event.

    streams, audience: where the event was after the change. Of a change of access: the keys of its users.
    moved_from: where it was before, if the change has moved it.
    event: the event until it is encoded, which takes less memory. None if it doesn't exist any more.
    encoded: the event by the name of the format. Changes of one event that were loaded together share it.
    is_whole: whether the event was loaded with the fields of its kind.
    shown_to: the audience of the event's present state.
    tallies: how much was said to other events, by the id of the event, where the change has changed that.
    badges: what pages show of topics as a whole, as HTML by the name of the topic.
    recorded_at: when the change was recorded, by the database's clock, in seconds since 1970.
    """

    position: int
    action: str
    event_id: int
    kind: str
    streams: frozenset[str]
    event: Any = None
    encoded: dict[str, str | None] = field(default_factory=dict)
    is_whole: bool = True
    audience: str = PUBLIC
    moved_from: Place | None = None
    shown_to: str = PUBLIC
    tallies: Mapping[int, "ShownTally"] = field(default_factory=lambda: NO_PARTS)
    badges: Mapping[str, str] = field(default_factory=lambda: NO_PARTS)
    recorded_at: float = 0.0

    @cached_property
    def is_quiet(self) -> bool:
        kind = root_model().kinds().get(self.kind)
        return kind is not None and kind.is_quiet

    @cached_property
    def is_access(self) -> bool:
        return self.action == Change.Action.ACCESS

    @cached_property
    def reach(self) -> frozenset[str]:
        """The streams whose watchers it may concern."""
        return self.streams if self.moved_from is None else self.streams | self.moved_from.streams

    @cached_property
    def private(self) -> frozenset[str]:
        """The audiences that decide who is told what. None if everybody is told the same."""
        names = {self.audience, self.shown_to} | ({self.moved_from.audience} if self.moved_from else set())
        return frozenset(names - {PUBLIC}) or NO_AUDIENCES

    @cached_property
    def place(self) -> Place:
        return Place(self.audience, self.streams)

    def told(
        self, streams: frozenset[str], audiences: frozenset[str], personal: Collection[Personal] = ()
    ) -> str | None:
        """The action that a watcher of these streams is told, if its user is in these audiences. None for nothing."""
        if self.is_access:
            return None
        sees = self.place.is_seen(streams, audiences, personal)
        saw = sees if self.moved_from is None else self.moved_from.is_seen(streams, audiences, personal)
        if not sees:
            return "deleted" if saw else None
        # Since the change the event may have been moved out of sight. That comes later in the log.
        if self.shown_to not in audiences:
            return "deleted"
        return self.action if saw or self.action == "deleted" else "created"

    def tallies_for(
        self, streams: frozenset[str], audiences: frozenset[str], personal: Collection[Personal] = ()
    ) -> dict[str, str]:
        """The tallies in those threads of which the watcher is told, by the name of the stream of the thread. Without
        those of threads that were moved out of sight since."""
        seen = self._places(streams, audiences, personal)
        return {
            f"thread:{key}": tally.html
            for key, tally in self.tallies.items()
            if any(f"thread:{key}" in each.streams and tally.audience in (PUBLIC, each.audience) for each in seen)
        }

    def badges_for(self, audiences: frozenset[str], personal: Collection[Personal]) -> dict[str, str]:
        """The badges of the watcher's own topics, if its user sees the event there."""
        own = {topic for each in personal for topic in each.topics(audiences)}
        return {topic: html for topic, html in self.badges.items() if topic in own & self._seen(own, audiences)}

    def _seen(self, streams: Collection[str], audiences: frozenset[str]) -> frozenset[str]:
        """The streams of the places at which the watcher sees the event, or saw it."""
        return frozenset[str]().union(*(place.streams for place in self._places(streams, audiences)))

    def _places(
        self, streams: Collection[str], audiences: frozenset[str], personal: Collection[Personal] = ()
    ) -> list[Place]:
        places = [self.place] if self.moved_from is None else [self.place, self.moved_from]
        names = frozenset(streams)
        return [place for place in places if place.is_seen(names, audiences, personal)]

    def showing(self, event: Any, encoded: dict[str, str | None]) -> "Entry":
        """The same change with this state of the event, or with none if it doesn't exist any more."""
        shown_to = event.audience if event else self.audience
        return replace(self, event=event, encoded=encoded, shown_to=shown_to)

    def size(self, format_name: str) -> int:
        """Bytes of the event in this format."""
        text = "".join([self.encoded[format_name] or "", *(tally.html for tally in self.tallies.values())])
        return len(text) if text.isascii() else len(text.encode())

    @property
    def total_size(self) -> int:
        """Bytes of the event in all formats in which it is encoded."""
        return sum(map(self.size, self.encoded))
