"""Records changes, each in the transaction of its event."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import msgspec
from django.db import DEFAULT_DB_ALIAS, connections

from feed.batches import batches
from feed.log import sql
from feed.log.open_cursor import open_cursor
from feed.log.tables import PUBLIC, Change

ROWS = 100
"""Changes in one statement."""


class Recorded(NamedTuple):
    """What the log keeps of an event.

    streams: the names of the streams that hold it.
    audience: who may see it.
    moved_from: its audience and streams before this change, if these have changed.
    """

    event_id: int
    kind: str
    streams: Sequence[str]
    audience: str = PUBLIC
    moved_from: tuple[str, Sequence[str]] | None = None


def record(action: str, events: Iterable[Recorded], using: str | None = None) -> None:
    """Add a change for each event, in the open transaction.

    Without `bulk_create`, which takes longer to build its statement than the database takes to execute it.
    """
    cursor = open_cursor(connections[using or DEFAULT_DB_ALIAS])
    for part in batches(events, ROWS):
        has_places = any(each.audience != PUBLIC or each.moved_from for each in part)
        insert, recorded = (sql.RECORD_PLACES, sql.RECORDED_PLACES) if has_places else (sql.RECORD, sql.RECORDED)
        rows = [(*_row(action, each), *(_places(each) if has_places else ())) for each in part]
        cursor.execute(insert + ", ".join([recorded] * len(part)), list(chain.from_iterable(rows)))


def record_access(users: Sequence[str], using: str | None = None) -> None:
    """Add the change that the users with these keys may see other audiences, in the open transaction."""
    record(Change.Action.ACCESS.value, [Recorded(0, "", users)], using)


def is_waiting(action: str, event_id: int, using: str) -> bool:
    """Whether such a change of the event is recorded and has no position yet, like all of the open transaction."""
    waiting = Change.objects.using(using).filter(position=None, action=action, event_id=event_id)
    return waiting.exists()


def _row(action: str, event: Recorded) -> tuple[str, ...]:
    """All as text: that is what a driver quotes fastest."""
    return action, str(event.event_id), event.kind, _as_json(event.streams)


def _places(event: Recorded) -> tuple[str, str | None]:
    moved_from = event.moved_from and _as_json({"audience": event.moved_from[0], "streams": event.moved_from[1]})
    return event.audience, moved_from


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()
