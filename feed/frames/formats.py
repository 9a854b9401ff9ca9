"""How changes are written for watchers: as JSON for programs, as HTML for htmx.

A frame covers the interval (after, position] of the log. It shows the present state of every event that changed in it:
of several changes of one event only the last appears.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import msgspec
from websockets import frames as websocket

from feed.frames.describe import as_json
from feed.frames.entries import Entry
from feed.frames.rows import render_quiet, render_row
from feed.refusals import Refusal
from feed.rendering import rendered


@dataclass(frozen=True, eq=False)
class Frame:
    """What watchers are sent. All watchers that get the same frame share it.

    position: the watcher's cursor after this frame; None if the frame doesn't move it.
    epoch: which log the position counts in.
    recorded_at: when the oldest change that it shows was recorded, in seconds since 1970; 0 if it shows none.
    """

    text: str
    position: int | None = None
    epoch: str = ""
    recorded_at: float = 0.0

    @cached_property
    def size(self) -> int:
        """Bytes of the text."""
        return len(self.text) if self.text.isascii() else len(self.text.encode())

    @cached_property
    def message(self) -> bytes:
        """The bytes of the websocket message as a server sends it (RFC 6455, section 5.2)."""
        return websocket.Frame(websocket.Opcode.TEXT, self.text.encode()).serialize(mask=False)

    @property
    def event(self) -> bytes:
        """The same as a server-sent event. Its id is the cursor after it, which a client sends back to resume."""
        name = "" if self.position is None else f"id: {self.epoch}:{self.position}\n"
        return f"{name}data: {self.text}\n\n".encode()

    @cached_property
    def chunk(self) -> bytes:
        """The event as a server sends it (RFC 9112, section 7.1)."""
        event = self.event
        return b"%x\r\n%b\r\n" % (len(event), event)


class Format(Protocol):
    """One way to write frames. Each method returns the text of a message, or a part of it."""

    def event(self, event: Any) -> str: ...
    def change(self, entry: Entry, action: str) -> str: ...
    def changes(
        self, epoch: str, after: int, position: int, changes: Sequence[str], parts: Iterable[str] = ()
    ) -> str: ...
    def reset(self, epoch: str, position: int, reason: str) -> str: ...
    def error(self, refusal: Refusal) -> str: ...


class JsonFormat:
    """For programs: one JSON object a message."""

    def event(self, event: Any) -> str:
        return as_json(event)

    def change(self, entry: Entry, action: str) -> str:
        event = entry.encoded["json"]
        if action == "deleted" or event is None:
            action, event = "deleted", msgspec.json.encode({"id": entry.event_id, "kind": entry.kind}).decode()
        return f'{{"position":{entry.position},"action":"{action}","event":{event}}}'

    def changes(self, epoch: str, after: int, position: int, changes: Sequence[str], parts: Iterable[str] = ()) -> str:
        interval = f'"log":"{epoch}","after":{after},"position":{position}'
        return f'{{"type":"changes",{interval},"changes":[{",".join(changes)}]}}'

    def reset(self, epoch: str, position: int, reason: str) -> str:
        return f'{{"type":"reset","log":"{epoch}","position":{position},"reason":"{reason}"}}'

    def error(self, refusal: Refusal) -> str:
        frame = {"type": "error", "code": refusal.code, "message": refusal.message}
        return msgspec.json.encode(frame).decode()


class HtmlFormat:
    """For htmx: out-of-band swaps, and the cursor that the page sends when it connects again."""

    def event(self, event: Any) -> str:
        return render_quiet(event) if event.is_quiet else render_row(event)

    def change(self, entry: Entry, action: str) -> str:
        if entry.is_quiet:
            return "" if action == "deleted" else entry.encoded["html"] or ""
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

    def changes(self, epoch: str, after: int, position: int, changes: Sequence[str], parts: Iterable[str] = ()) -> str:
        return "".join([*changes, *parts]) + self._cursor(position)

    def reset(self, epoch: str, position: int, reason: str) -> str:
        # The page loads itself anew into the feed, and leaves what its user is typing alone.
        return rendered("feed/reset.html", {"reason": reason, "log": epoch}) + self._cursor(position)

    def error(self, refusal: Refusal) -> str:
        return rendered("feed/error.html", {"refusal": refusal})

    def _cursor(self, position: int) -> str:
        return f'<input type="hidden" id="cursor" name="after" value="{position}" hx-swap-oob="true">'


FORMATS: dict[str, Format] = {"json": JsonFormat(), "html": HtmlFormat()}


Told = tuple[Entry, str]
"""A change, and the action that a watcher is told of it."""


def compact(told: Iterable[Told]) -> list[Told]:
    """The last change of each event, in log order, with the action that the frame shows."""
    last: dict[int, Told] = {}
    for entry, action in told:
        earlier = last.pop(entry.event_id, None)
        # After "deleted" only an event that came back into sight is updated.
        is_new = earlier is not None and earlier[1] != "updated" and action == "updated"
        last[entry.event_id] = (entry, "created" if is_new else action)
    return list(last.values())


def changes_frame(
    format_name: str,
    epoch: str,
    after: int,
    position: int,
    told: Iterable[Told],
    parts: Iterable[str] = (),
) -> Frame:
    """The frame for the interval (after, position], in which a watcher is told these changes.

    parts: HTML for other parts of a page that these changes have changed.
    """
    form = FORMATS[format_name]
    shown = compact(told)
    changes = [form.change(entry, action) for entry, action in shown]
    recorded_at = min((entry.recorded_at for entry, _ in shown), default=0.0)
    return Frame(form.changes(epoch, after, position, changes, parts), position, epoch, recorded_at)


def reset_frame(format_name: str, epoch: str, position: int, reason: str) -> Frame:
    return Frame(FORMATS[format_name].reset(epoch, position, reason), position, epoch)


def watching_frame(epoch: str, position: int, streams: Iterable[str]) -> Frame:
    """Tells a program that it watches these streams from the position on."""
    body = {"type": "watching", "log": epoch, "position": position, "streams": sorted(streams)}
    return Frame(msgspec.json.encode(body).decode(), position, epoch)
