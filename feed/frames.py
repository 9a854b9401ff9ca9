"""Changes as what is sent: each change is loaded once, and encoded once per format.

A frame covers the interval (after, position] of the log, and shows the present state of every event that
changed in it: of several changes of one event only the last stands, at its position.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import msgspec
from websockets import frames as websocket

from feed import again, loading
from feed.batches import batches
from feed.models import Change, Event
from feed.refusals import Refusal
from feed.rendering import rendered
from feed.shown import as_json, render_row

SMALLEST_PART, LARGEST_PART = 16, 128
"""Events that are loaded at once, at first and at most."""


@dataclass(frozen=True, eq=False)
class Frame:
    """What watchers are sent. Those whom the same frame concerns share it."""

    text: str

    @cached_property
    def message(self) -> bytes:
        """The bytes of the websocket message, as a server sends it (RFC 6455, section 5.2)."""
        return websocket.Frame(websocket.Opcode.TEXT, self.text.encode()).serialize(mask=False)


class Format(Protocol):
    """How frames are written. Each method returns the text, or a part of the text, of one message."""

    def event(self, event: Event) -> str: ...
    def change(self, entry: "Entry", action: str) -> str: ...
    def changes(self, log: str, after: int, position: int, changes: Sequence[str]) -> str: ...
    def reset(self, log: str, position: int, reason: str) -> str: ...
    def error(self, refusal: Refusal) -> str: ...


@dataclass(slots=True)
class Entry:
    """A change as the hub keeps it.

    event: its event until it is encoded. It takes more memory than its text.
    encoded: its event's present state, by the name of the format. Changes of one event, loaded together, share it.
    is_whole: whether its event has been loaded with the fields of its kind.
    """

    position: int
    action: str
    event_id: int
    kind: str
    streams: frozenset[str]
    event: Event | None
    encoded: dict[str, str | None] = field(default_factory=dict)
    is_whole: bool = True

    def encode(self, formats: Iterable[str]) -> None:
        """Encode the event in the formats in which it isn't yet. Templates may query: not for the event loop."""
        for name in formats:
            if name not in self.encoded:
                self.encoded[name] = FORMATS[name].event(self.event) if self.event else None

    def size(self, name: str) -> int:
        """How many bytes its event takes in this format."""
        text = self.encoded[name] or ""
        return len(text) if text.isascii() else len(text.encode())

    @property
    def total_size(self) -> int:
        """How many bytes its event takes in all formats in which it is encoded."""
        return sum(map(self.size, self.encoded))


def load(changes: Sequence[Change], read: Iterable[Event] = ()) -> list[Entry]:
    """The changes with the present states of their events, in a query for each kind of which not all have been read.

    An event that is gone by now is shown as deleted, whatever the change was: its deletion stands later in
    the log, and taking away what is absent does no harm. An event that its kind can't load is shown without the
    fields of its kind.
    """
    events = _present(changes, read)
    again.mark(changes, events)
    encoded: defaultdict[int, dict[str, str | None]] = defaultdict(dict)
    return [_entry(change, events.get(change.event_id), encoded[change.event_id]) for change in changes]


def load_encoded(
    changes: Sequence[Change], formats: Collection[str], most_bytes: int, read: Iterable[Event] = ()
) -> list[Entry]:
    """The first of the changes, encoded: as many as take so many bytes, and at least one if there is one.

    They are loaded in parts that grow, so that what is in memory at once is bounded, however large the events are.
    """
    entries, size, part = list[Entry](), 0, SMALLEST_PART
    known = list(read)
    while len(entries) < len(changes) and size < most_bytes:
        for entry in load(changes[len(entries) : len(entries) + part], known):
            _encode_and_drop(entry, formats)
            entries.append(entry)
            size += entry.total_size
        average = max(1, size // len(entries))
        part = max(1, min(2 * part, LARGEST_PART, (most_bytes - size) // average))
    return entries


def encode_more(entries: Sequence[Entry], formats: Collection[str]) -> None:
    """Encode entries in formats in which they haven't been."""
    for part in batches((entry for entry in entries if not entry.encoded.keys() >= set(formats)), SMALLEST_PART):
        events = _present(part)
        for entry in part:
            entry.event = events.get(entry.event_id)
            _encode_and_drop(entry, formats)


def _encode_and_drop(entry: Entry, formats: Iterable[str]) -> None:
    entry.encode(formats)
    entry.event = None


def _present(changes: Sequence[Change | Entry], read: Iterable[Event] = ()) -> dict[int, Event]:
    """By id, the events of these changes that are there."""
    events = {event.id: event for event in read}
    wanted: dict[str, set[int]] = {}
    for change in changes:
        if change.action != "deleted" and change.event_id not in events:
            wanted.setdefault(change.kind, set()).add(change.event_id)
    events |= loading.of_kinds(wanted, Event.kinds())
    last = {change.event_id: change.action for change in changes}
    if missing := {key for keys in wanted.values() for key in keys if key not in events and last[key] != "deleted"}:
        events |= loading.by_id(Event, missing, tried=wanted)
    return events


def _entry(change: Change, event: Event | None, encoded: dict[str, str | None]) -> Entry:
    action = change.action if event else "deleted"
    is_whole = event is not None and event.kind == event.kind_name()
    streams = frozenset(change.streams)
    return Entry(change.at_position, action, change.event_id, change.kind, streams, event, encoded, is_whole)


def compact(entries: Iterable[Entry]) -> list[tuple[Entry, str]]:
    """The last entry of each event, in the order of their positions, with the action that a frame shows."""
    last: dict[int, tuple[Entry, str]] = {}
    for entry in entries:
        earlier = last.pop(entry.event_id, None)
        created = earlier is not None and earlier[1] == "created" and entry.action == "updated"
        last[entry.event_id] = (entry, "created" if created else entry.action)
    return list(last.values())


def changes_frame(format_name: str, log: str, after: int, position: int, entries: Iterable[Entry]) -> Frame:
    """The frame for the interval (after, position], in which `entries` concern the watcher."""
    form = FORMATS[format_name]
    return Frame(form.changes(log, after, position, [form.change(entry, action) for entry, action in compact(entries)]))


class JsonFormat:
    """For programs: one JSON object a message."""

    def event(self, event: Event) -> str:
        return as_json(event)

    def change(self, entry: Entry, action: str) -> str:
        event = entry.encoded["json"]
        if action == "deleted" or event is None:
            action, event = "deleted", msgspec.json.encode({"id": entry.event_id, "kind": entry.kind}).decode()
        return f'{{"position":{entry.position},"action":"{action}","event":{event}}}'

    def changes(self, log: str, after: int, position: int, changes: Sequence[str]) -> str:
        interval = f'"log":"{log}","after":{after},"position":{position}'
        return f'{{"type":"changes",{interval},"changes":[{",".join(changes)}]}}'

    def reset(self, log: str, position: int, reason: str) -> str:
        return f'{{"type":"reset","log":"{log}","position":{position},"reason":"{reason}"}}'

    def error(self, refusal: Refusal) -> str:
        frame = {"type": "error", "code": refusal.code, "message": refusal.message}
        return msgspec.json.encode(frame).decode()


class HtmlFormat:
    """For htmx: out-of-band swaps, and the cursor that the page sends when it connects again."""

    def event(self, event: Event) -> str:
        return render_row(event)

    def change(self, entry: Entry, action: str) -> str:
        target, row = f"event-{entry.event_id}", entry.encoded["html"]
        match action if row else "deleted":
            case "created":
                # An upsert: a row that is there already is taken away before it is put in.
                return (
                    f'<div id="{target}" hx-swap-oob="delete"></div>'
                    f'<hx-partial hx-target="#incoming" hx-swap="prepend">{row}</hx-partial>'
                )
            case "updated":
                return f'<hx-partial hx-target="#{target}" hx-swap="outerMorph">{row}</hx-partial>'
        return f'<hx-partial hx-target="#{target}" hx-swap="delete"></hx-partial>'

    def changes(self, log: str, after: int, position: int, changes: Sequence[str]) -> str:
        return "".join(changes) + self._cursor(position)

    def reset(self, log: str, position: int, reason: str) -> str:
        # The page loads itself anew into the feed, and leaves what its user is typing alone.
        return rendered("feed/reset.html", {"reason": reason, "log": log}) + self._cursor(position)

    def error(self, refusal: Refusal) -> str:
        return rendered("feed/error.html", {"refusal": refusal})

    def _cursor(self, position: int) -> str:
        return f'<input type="hidden" id="cursor" name="after" value="{position}" hx-swap-oob="true">'


FORMATS: dict[str, Format] = {"json": JsonFormat(), "html": HtmlFormat()}
