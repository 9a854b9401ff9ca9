"""Which changes a handler is given, and with which events."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from feed import streams
from feed.frames.entries import Place
from feed.handlers.change import HandledChange
from feed.handlers.registry import Handler
from feed.kinds import loading
from feed.kinds.kind import is_whole
from feed.log import Change
from feed.models import Event
from feed.refusals import Refusal

PART = 50
"""Events that are loaded at once."""


class NotLoaded(Exception):
    """The event exists, and its kind can't load it now: its table may be locked by a migration."""


def told(handler: Handler, change: Change) -> str | None:
    """The action that the handler is told, or None if the change isn't in its streams."""
    if change.action == Change.Action.ACCESS:
        return None
    sees = _is_in(handler, Place(change.audience, frozenset(change.streams)))
    before = change.moved_from
    saw = _is_in(handler, Place(before["audience"], frozenset(before["streams"]))) if before else sees
    if not sees:
        return "deleted" if saw else None
    return change.action if saw or change.action == "deleted" else "created"


def _is_in(handler: Handler, place: Place) -> bool:
    is_open = handler.audiences is None or place.audience in handler.audiences
    return is_open and not handler.streams.isdisjoint(place.streams)


class Events:
    """Gives out changes with their events, which it loads ahead, in parts.

    Each instance is given out once. So a handler that is called twice for an event doesn't find in the second what it
    has done to the first.
    """

    def __init__(self, handler: Handler, changes: Sequence[HandledChange], part: int = PART) -> None:
        self._handler, self._changes, self._part = handler, changes, part
        self._given = 0
        self._loaded: dict[int, Any] = {}

    def next(self) -> HandledChange:
        """The next change with its event. Raises NotLoaded."""
        ahead = self._changes[self._given : self._given + self._part]
        change, self._given = ahead[0], self._given + 1
        if change.action != "deleted" and change.event_id not in self._loaded:
            self._loaded = present(ahead)
        return with_event(change, self._loaded.pop(change.event_id, None), self._handler)

    def forget(self) -> None:
        """Load again what comes: it may have changed in a transaction that was rolled back."""
        self._loaded = {}


def with_event(change: HandledChange, event: Any, handler: Handler) -> HandledChange:
    """The change with its event, unless the event was moved out of sight since. Raises NotLoaded."""
    if event is not None and event.kind in Event.kinds() and not is_whole(event):
        raise NotLoaded(f"Event {event.id} can't be loaded as a {event.kind} now.")
    if event is not None and handler.audiences is not None and event.audience not in handler.audiences:
        return replace(change, action="deleted")
    return replace(change, event=event)


def present(changes: Collection[HandledChange]) -> dict[int, Any]:
    """The events of these changes, by id: in their own kinds where these can load them, None if they don't exist."""
    wanted = [(change.kind, change.event_id) for change in changes if change.action != "deleted"]
    events = loading.of_kinds(wanted)
    if missing := {key for _, key in wanted if key not in events}:
        events |= loading.by_id(missing, tried={kind for kind, _ in wanted})
    return dict.fromkeys(key for _, key in wanted) | events


def problems(names: frozenset[str]) -> Iterator[str]:
    """What is wrong with these names of streams, as sentences."""
    try:
        streams.parse(names)
    except Refusal as refusal:
        yield refusal.message
        return
    for personal in streams.personal(names):
        yield f"The stream {personal.prefix!r} is another for each user."
