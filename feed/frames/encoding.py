"""Loads the events of changes, and encodes each of them once in each format."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from feed import log
from feed.batches import batches
from feed.frames import redelivery
from feed.frames.entries import Entry, Place
from feed.frames.formats import FORMATS
from feed.frames.surroundings import add_surroundings
from feed.kinds import loading
from feed.kinds.kind import is_whole
from feed.log import Change
from feed.models import Event

MIN_PART, MAX_PART = 16, 128
"""Events that are loaded at once."""
WITHOUT_EVENT = {Change.Action.DELETED, Change.Action.ACCESS}


def load(changes: Sequence[Change], known: Iterable[Event] = ()) -> list[Entry]:
    """The changes with the present state of their events: one query for each kind.

    An event that doesn't exist any more is shown as deleted, whatever the change was: its deletion comes later in the
    log, and deleting what is absent does no harm. An event that its kind can't load is shown without the fields of its
    kind.

    known: events that have been read already.
    """
    events = _present(changes, known)
    redelivery.mark(changes, events)
    encoded: defaultdict[int, dict[str, str | None]] = defaultdict(dict)
    return [_entry(change, events.get(change.event_id), encoded[change.event_id]) for change in changes]


def load_encoded(
    changes: Sequence[Change], formats: Collection[str], max_bytes: int, known: Iterable[Event] = ()
) -> list[Entry]:
    """The first of the changes, encoded: as many as fit into `max_bytes`, and at least one if there is one.

    They are loaded in parts that grow, so memory is bounded however large the events are.
    """
    entries, size, part = list[Entry](), 0, MIN_PART
    known = list(known)
    while len(entries) < len(changes) and size < max_bytes:
        loaded = load(changes[len(entries) : len(entries) + part], known)
        add_surroundings(loaded, formats)
        for entry in loaded:
            encode(entry, formats)
            entries.append(entry)
            size += entry.total_size
        average = max(1, size // len(entries))
        part = max(1, min(2 * part, MAX_PART, (max_bytes - size) // average))
    return entries


def encode_again(entries: Sequence[Entry], formats: Collection[str]) -> list[Entry]:
    """The entries with the present state of their events, in these formats. In all of them, because one audience
    decides who is shown an entry in any format."""
    shown = list[Entry]()
    for part in batches(entries, MIN_PART):
        events = _present(part)
        encoded: defaultdict[int, dict[str, str | None]] = defaultdict(dict)
        again = [entry.showing(events.get(entry.event_id), encoded[entry.event_id]) for entry in part]
        add_surroundings(again, formats)
        for entry in again:
            encode(entry, formats)
        shown += again
    return shown


def newly_hidden_from(entries: Iterable[Entry], position: int) -> frozenset[str]:
    """The keys of users who may not see these events any more. The events are in their present state, which may be
    newer than the changes up to `position`, by which a hub knows its users' audiences.

    Asks the log after the events were loaded, and only if some aren't public.
    """
    return log.access_after(position) if any(entry.private for entry in entries) else frozenset()


def encode(entry: Entry, formats: Iterable[str]) -> None:
    """Encode the entry's event, and drop it. Templates may query the database: not for the event loop."""
    for name in formats:
        if name not in entry.encoded:
            entry.encoded[name] = FORMATS[name].event(entry.event) if entry.event else None
    entry.event = None


def _present(changes: Sequence[Change | Entry], known: Iterable[Event] = ()) -> dict[int, Event]:
    """The events of these changes that exist, by id."""
    events = {event.id: event for event in known}
    alive = [change for change in changes if change.action not in WITHOUT_EVENT and change.event_id not in events]
    events |= loading.of_kinds([(change.kind, change.event_id) for change in alive])
    last = {change.event_id: change.action for change in changes}
    if missing := {key for key, action in last.items() if action not in WITHOUT_EVENT and key not in events}:
        events |= loading.by_id(missing, tried={change.kind for change in alive})
    return events


def _entry(change: Change, event: Event | None, encoded: dict[str, str | None]) -> Entry:
    assert change.position is not None, "Only changes that have a position are read."
    return Entry(
        position=change.position,
        action=change.action if event or change.action in WITHOUT_EVENT else "deleted",
        event_id=change.event_id,
        kind=change.kind,
        streams=frozenset(change.streams),
        event=event,
        encoded=encoded,
        is_whole=event is not None and is_whole(event),
        audience=change.audience,
        moved_from=_place(change.moved_from),
        shown_to=event.audience if event else change.audience,
        recorded_at=change.at.timestamp(),
    )


def _place(moved_from: Any) -> Place | None:
    return moved_from and Place(moved_from["audience"], frozenset(moved_from["streams"]))
