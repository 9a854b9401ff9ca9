"""Records changes, each in the transaction of its event."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import msgspec
from django.db import DEFAULT_DB_ALIAS, connections

from feed.batches import batches
from feed.log import sql
from feed.log.open_cursor import open_cursor
from feed.log.tables import Change

ROWS = 100
"""Changes in one statement."""


class Recorded(NamedTuple):
    """What the log keeps of an event: its id, its kind, and the names of the streams that hold it."""

    event_id: int
    kind: str
    streams: Sequence[str]


def record(action: str, events: Iterable[Recorded], using: str | None = None) -> None:
    """Add a change for each event, in the open transaction.

    Without `bulk_create`, which takes longer to build its statement than the database takes to execute it.
    """
    cursor = open_cursor(connections[using or DEFAULT_DB_ALIAS])
    for part in batches(events, ROWS):
        # All as text: that is what a driver quotes fastest.
        rows = ((action, str(each.event_id), each.kind, _as_json(each.streams)) for each in part)
        cursor.execute(sql.RECORD + ", ".join([sql.RECORDED] * len(part)), list(chain.from_iterable(rows)))


def is_waiting(action: str, event_id: int, using: str) -> bool:
    """Whether such a change of the event is recorded and has no position yet, like all of the open transaction."""
    waiting = Change.objects.using(using).filter(position=None, action=action, event_id=event_id)
    return waiting.exists()


def _as_json(streams: Sequence[str]) -> str:
    return msgspec.json.encode(streams).decode()
