"""The log: every change of every event, in commit order, without holes.

Nothing else touches the tables behind it. A change is recorded in the transaction of its event, without a
position. Positions are given afterwards, under a lock, to what has committed by then: keys and sequences
are handed out before the commit, so a reader who has seen 6 could later find a 5.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

# The module and not its names: models connect their receivers, which record here, while they are being defined.
from feed import models, statements
from feed.batches import batches
from feed.rows import rows_of
from feed.statements import Row, Statement

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
    cursor = _kept_cursor(connections[using or DEFAULT_DB_ALIAS])
    for part in batches(events, 100):
        rows = [(action, str(event.id), event.kind, _as_json(event.streams())) for event in part]
        # All as text, which a driver only has to quote.
        cursor.execute(_RECORD + ", ".join([_ROW] * len(rows)), list(chain.from_iterable(rows)))


def _kept_cursor(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """A cursor that stays open as long as the connection: to open and to close one takes Django a fifth of what it
    takes to record a change. Where queries are logged there is a new one each time, as Django logs by cursor."""
    if connection.queries_logged:
        return connection.cursor()
    kept: CursorWrapper | None = vars(connection).get("feed_cursor")
    if kept is None or kept.cursor.connection is not connection.connection:
        kept = vars(connection)["feed_cursor"] = connection.cursor()
    return kept


def _as_json(streams: Sequence[str]) -> str:
    return msgspec.json.encode(streams).decode()


# Not by bulk_create, which takes longer to build its statement than the database to carry it out.
_RECORD = "INSERT INTO feed_change (action, event_id, kind, streams) VALUES "
_ROW = "(%s, %s, %s, %s)"


def state() -> State:
    """Where the log stands, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        row = cursor.fetchone()
    if row is None:  # a new database, or one that was emptied
        models.Log.objects.get_or_create(pk=1)
        return state()
    name, head, floor, waiting = row
    return State(name, head, floor, bool(waiting))


def glance(cursor: Any) -> tuple[str, int, bool]:
    """The log's name, its head, and whether changes wait, by a cursor of the driver's own."""
    cursor.execute(_STATE)
    name, head, _, waiting = cursor.fetchone() or ("", -1, 0, False)
    return name, head, bool(waiting)


def number() -> State:
    """Give the waiting changes their positions, oldest first, and return where the log then stands."""
    return _numbered()[0]


def follow(after: int, most: int, kinds: "Iterable[type[Event]]" = ()) -> "tuple[State, list[Change], list[Event]]":
    """Number what waits, and read the changes after the position `after`, so many at most: what a hub does when it is
    rung for. With the first of the events of these kinds that they are of, where that saves a journey to the database.
    Raises Expired."""
    interval = (after, after + most)
    ahead = [rows_of(kind) for kind in kinds] if statements.takes_several() else []
    state, (rows, *found) = _numbered((_READ, interval), *((each.following, interval) for each in ahead))
    events = [event for each, values in zip(ahead, found, strict=True) for event in each.events(values)]
    return state, _changes(rows, after, state.head), events


def read(after: int, upto: int) -> "list[Change]":
    """The changes at the positions (after, upto], oldest first.

    Raises Expired if the log doesn't hold them all: never a part.
    """
    if after >= upto:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_READ.written(after, upto))
        return _changes(cursor.fetchall(), after, upto)


def _changes(rows: "Sequence[Row]", after: int, upto: int) -> "list[Change]":
    if after < upto and (not rows or rows[0][1] != after + 1):
        raise Expired
    return [
        models.Change.from_db(connection.alias, _READ_FIELDS, [*row[:-1], msgspec.json.decode(row[-1])])  # all but `at`
        for row in rows
    ]


def _numbered(*more: statements.Call) -> tuple[State, list[list[Row]]]:
    """Give the waiting changes their positions, and in the same transaction carry out `more`, for the rows of each."""
    before, after, *rows = statements.carry_out([(_HEAD, ()), (_NUMBER, ()), (_ADVANCE, ()), *more])
    if not before:  # a new database, or one that was emptied
        models.Log.objects.get_or_create(pk=1)
        return _numbered(*more)
    name, head, floor = (after or before)[0]
    return State(name, head, floor, waiting=False), rows


_STATE = """
    SELECT name, head, floor, EXISTS (SELECT 1 FROM feed_change WHERE position IS NULL) FROM feed_log WHERE id = 1
"""
_HEAD = Statement("head", "SELECT name, head, floor FROM feed_log WHERE id = 1", locks=True)
_NUMBER = Statement(
    "number",
    """
    UPDATE feed_change SET position = numbered.position
    FROM (SELECT id, (SELECT head FROM feed_log WHERE id = 1) + row_number() OVER (ORDER BY id) AS position
          FROM feed_change WHERE position IS NULL) AS numbered
    WHERE feed_change.id = numbered.id
    """,
)
_ADVANCE = Statement(
    "advance",
    """
    UPDATE feed_log SET head = newest.position FROM (SELECT max(position) AS position FROM feed_change) AS newest
    WHERE id = 1 AND head < newest.position RETURNING name, head, floor
    """,
)
_READ_FIELDS = ("id", "position", "action", "event_id", "kind", "streams")
_READ = Statement(
    "read",
    """
    SELECT id, position, action, event_id, kind, streams FROM feed_change
    WHERE position > {0} AND position <= {1} ORDER BY position
    """,
    numbers=2,
)


def _locked_head() -> "Log":
    """The one row of the log, which whoever numbers, prunes or renames locks."""
    return models.Log.objects.select_for_update().get_or_create(pk=1)[0]


PART, REST = 1_000, 3
"""Changes that are forgotten in one transaction, and how many times as long as it took the others then get the lock."""


def prune(before: datetime, told: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Forget the oldest changes, up to the first that was recorded at `before` or later; return how many.

    In parts, each in a short transaction of its own. So it can be interrupted, and be done twice at once. After each
    part `told` is called with how many have been forgotten so far, and how many there were.
    """
    begin = state()
    upto, done = _last_before(before, begin), 0
    while part := _forget(upto):
        seconds, count = part
        done += count
        told(done, upto - begin.floor)
        time.sleep(REST * seconds)
    return done


def _last_before(moment: datetime, now: State) -> int:
    """The position up to which all changes were recorded before that. Found without the lock, as it can take long."""
    numbered = models.Change.objects.filter(position__gt=now.floor, position__lte=now.head).order_by("position")
    kept = numbered.filter(at__gte=moment).values_list("position", flat=True).first()
    return now.head if kept is None else kept - 1


def _forget(upto: int) -> tuple[float, int] | None:
    """Forget the next part, up to this position at most; returns the seconds for which it had the lock, and how many
    it were."""
    with transaction.atomic():
        head, began = _locked_head(), time.monotonic()
        floor = min(head.floor + PART, upto)
        if floor <= head.floor:
            return None
        # Not by delete(), which loads them. And not from the first, as PostgreSQL would find those that are gone, too.
        part = models.Change.objects.filter(position__gt=head.floor, position__lte=floor)
        count = part._raw_delete(connection.alias)
        head.floor = floor
        head.save(update_fields=["floor"])
    return time.monotonic() - began, count


def rename() -> str:
    """Give the log a new name, so that cursors from before a restore are answered with a reset."""
    with transaction.atomic():
        head = _locked_head()
        head.name = models.log_name()
        head.save(update_fields=["name"])
    return head.name
