"""The log: every change of every event, in commit order, without holes.

Nothing else touches the tables behind it. A change is recorded in the transaction of its event, without a
position. Positions are given afterwards, under a lock, to what has committed by then: keys and sequences
are handed out before the commit, so a reader who has seen 6 could later find a 5.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Exists

# The module and not its names: models connect their receivers, which record here, while they are being defined.
from feed import models

if TYPE_CHECKING:
    from feed.models import Change, Event, Log


class Expired(Exception):
    """The log no longer holds what was asked for."""


@dataclass(frozen=True, slots=True)
class State:
    """How far the log goes.

    name: which log the positions count in.
    head: the newest position, 0 in an empty log.
    floor: the position up to which changes have been pruned.
    waiting: whether changes have committed that have no position yet.
    """

    name: str
    head: int
    floor: int
    waiting: bool


def record(action: str, events: "Iterable[Event]", using: str | None = None) -> None:
    """Add a change of each event, in the transaction that is open."""
    models.Change.objects.using(using).bulk_create(
        models.Change(action=action, event_id=event.pk, kind=event.kind, streams=event.streams()) for event in events
    )


def state() -> State:
    """Where the log stands, in one query."""
    waiting = Exists(models.Change.objects.filter(position=None))
    row = models.Log.objects.annotate(waiting=waiting).filter(pk=1).first()
    if row is None:  # a new database, or one that was emptied
        models.Log.objects.get_or_create(pk=1)
        return state()
    return State(row.name, row.head, row.floor, row.waiting)


def number() -> State:
    """Give the waiting changes their positions, oldest first, and return where the log then stands."""
    with transaction.atomic():
        head = _locked_head()
        with connection.cursor() as cursor:
            cursor.execute(_NUMBER, [head.head])
            numbered = cursor.rowcount
        if numbered:
            head.head += numbered
            head.save(update_fields=["head"])
    return State(head.name, head.head, head.floor, waiting=False)


def _locked_head() -> "Log":
    """The one row of the log, which whoever numbers or prunes locks. A database that was emptied gets a new one."""
    return models.Log.objects.select_for_update().get_or_create(pk=1)[0]


_NUMBER = """
    UPDATE feed_change SET position = numbered.position
    FROM (SELECT id, %s + row_number() OVER (ORDER BY id) AS position
          FROM feed_change WHERE position IS NULL) AS numbered
    WHERE feed_change.id = numbered.id
"""


def read(after: int, upto: int) -> "list[Change]":
    """The changes at the positions (after, upto], oldest first.

    Raises Expired if the log doesn't hold them all: never a part.
    """
    interval = models.Change.objects.filter(position__gt=after, position__lte=upto)
    changes = list(interval.order_by("position"))
    if after < upto and (not changes or changes[0].position != after + 1):
        raise Expired
    return changes


def prune(before: datetime) -> int:
    """Forget the oldest changes, up to the first that was recorded at `before` or later; return how many."""
    with transaction.atomic():
        head = _locked_head()
        numbered = models.Change.objects.exclude(position=None).order_by("position")
        kept = numbered.filter(at__gte=before).values_list("position", flat=True).first()
        floor = head.head if kept is None else kept - 1
        if floor > head.floor:
            head.floor = floor
            head.save(update_fields=["floor"])
        return numbered.order_by().filter(position__lte=floor).delete()[0]


def rename() -> str:
    """Give the log a new name, so that cursors from before a restore are answered with a reset."""
    with transaction.atomic():
        head = _locked_head()
        head.name = models.log_name()
        head.save(update_fields=["name"])
    return head.name
