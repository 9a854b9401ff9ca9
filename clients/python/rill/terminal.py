"""A feed as lines of text. `rill tail` writes them, and so does `manage.py tail`."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from .errors import Gap
from .following import Following
from .updates import Change, Event, Lost, Snapshot, Update

Write = Callable[[str], object]


async def tail(following: Following, write: Write, warn: Write, *, as_json: bool) -> None:
    """Write each update, for ever. Raises Refused."""
    async for update in following:
        if isinstance(update, Snapshot) and update.reason != "start":
            warn(f"Reset ({update.reason}): showing the newest events, then continuing after {update.cursor.position}.")
        for line in [json_line(update)] if as_json else lines(update):
            write(line)


def lost_line(lost: Lost) -> str:
    """What to say about a lost connection. A gap is a fault of the server's."""
    after = lost.cursor.position if lost.cursor else "the head"
    gap = f"GAP: {lost.error} " if isinstance(lost.error, Gap) else ""
    return f"{gap}Reconnecting after {after}: {lost.error}"


def lines(update: Update) -> Iterator[str]:
    if isinstance(update, Snapshot):
        yield from (line("", "present", event) for event in reversed(update.events))
    else:
        yield from (of_change(change) for change in update.changes)


def of_change(change: Change) -> str:
    return line(change.position, change.action, change.event)


def line(position: int | str, action: str, event: Event) -> str:
    shown = printable(event.get("summary", f"#{event['id']}"))
    return f"{position:>8} {action:<8} {event['kind']:<14} {shown}"


def json_line(update: Update) -> str:
    """The frame as it came; of a snapshot, its events."""
    return json.dumps(snapshot(update) if isinstance(update, Snapshot) else update.frame, ensure_ascii=False)


def snapshot(update: Snapshot) -> dict[str, Any]:
    cursor = {"log": update.cursor.log, "position": update.cursor.position}
    return {"type": "snapshot", "reason": update.reason, **cursor, "events": update.events}


def printable(text: str) -> str:
    """The text in one line without control characters, so that an author can't control the reader's terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
