"""Reads the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import connection

from feed.log import sql
from feed.log.batch import Row
from feed.log.tables import Change, Log
from feed.times import of_database as moment


class Expired(Exception):
    """The log doesn't hold all the changes that were asked for. It was pruned."""


@dataclass(frozen=True, slots=True)
class State:
    """How far the log reaches.

    epoch: which log the positions count in.
    head: the newest position, 0 in an empty log.
    floor: the position up to which changes have been pruned.
    waiting: whether committed changes have no position yet.
    """

    epoch: str
    head: int
    floor: int
    waiting: bool


def access_after(position: int) -> frozenset[str]:
    """The keys of the users whose access has changed after the position, also by changes that wait for a position."""
    with connection.cursor() as cursor:
        cursor.execute(sql.ACCESS_AFTER, [position])
        return frozenset(key for (users,) in cursor.fetchall() for key in msgspec.json.decode(users))


def state() -> State:
    """Read how far the log reaches, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(sql.STATE)
        row = cursor.fetchone()
    if row is None:  # a new database, or one that was emptied
        Log.objects.get_or_create(pk=1)
        return state()
    epoch, head, floor, waiting = row
    return State(epoch, head, floor, bool(waiting))


def count_waiting() -> int:
    """How many committed changes have no position yet."""
    return Change.objects.filter(position=None).count()


def glance(cursor: Any) -> tuple[str, int, bool]:
    """Read epoch, head and `waiting` through a cursor of the database driver, which is faster than Django's."""
    cursor.execute(sql.STATE)
    epoch, head, _, waiting = cursor.fetchone() or ("", -1, 0, False)
    return epoch, head, bool(waiting)


def read(after: int, upto: int) -> list[Change]:
    """Read the changes at the positions (after, upto], oldest first. Raises Expired if the log lacks one of them."""
    if after >= upto:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql.READ.render(after, upto))
        return changes_of(cursor.fetchall(), after, upto)


def first_position(event_id: int) -> int | None:
    """The position of the oldest change of the event that the log still holds, or None."""
    changes = Change.objects.filter(event_id=event_id, position__isnull=False)
    return changes.order_by("position").values_list("position", flat=True).first()


def changes_of(rows: Sequence[Row], after: int, upto: int) -> list[Change]:
    """The changes that rows of `sql.READ` stand for. Raises Expired if the first one is missing."""
    if after < upto and (not rows or rows[0][1] != after + 1):
        raise Expired
    decode = msgspec.json.decode
    return [
        Change.from_db(
            connection.alias,
            sql.READ_FIELDS,
            [*row, decode(streams), audience, moved and decode(moved), moment(at)],
        )
        for *row, streams, audience, moved, at in rows
    ]
