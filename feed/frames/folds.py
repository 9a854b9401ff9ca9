"""Rows that fold: in a feed, the newest comment of a thread stands for all of them, and names who commented before.

The same with a kind that `folds_daily`, such as people who join: the newest of a day stands for all of that day.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection

from feed.models import Comment, Event, Reaction
from feed.people import name_field

LOOK_BACK = 20
"""Earlier comments or reactions that are looked at for the names of people."""
DAILY = 200
"""Events of a kind that folds daily that are looked at."""

SEPARATOR = "\x1f"
JOINED = {
    "postgresql": "string_agg(CAST(few.user_id AS text), '\x1f')",
    "sqlite": "group_concat(few.user_id, '\x1f')",
}

Keys = dict[int, list[str]]
"""The users who did the same before, latest first, by the id of the event. Their keys as text."""


def fold_of(event: Event) -> str:
    """The name of the fold that the row is part of, "" for none. Some root rows have it from their query."""
    if thread := getattr(event, "linked_thread", None):
        return f"thread:{thread}"
    about = getattr(event, "linked_about", None)
    return f"reaction:{about}" if about else event.fold


def others(events: Sequence[Event]) -> dict[int, tuple[str, ...]]:
    """The names of those who did the same before: commented in the same thread, or joined on the same day. Latest
    first, without the event's own user. Two or three queries."""
    keys = _before(Comment, "thread", events) | _before(Reaction, "about", events) | _daily(events)
    names = _names({key for found in keys.values() for key in found})
    return {event.id: _named(event, keys.get(event.id, ()), names) for event in events}


def _named(event: Event, keys: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    distinct = dict.fromkeys(key for key in keys if key != str(event.user_id))
    return tuple(names[key] for key in distinct if key in names)


def _before(kind: type[Event], field: str, events: Sequence[Event]) -> Keys:
    """Of the events of this kind: the users of earlier ones with the same value in this field."""
    wanted = [event.id for event in events if event.kind == kind.kind_name()]
    if not wanted:
        return {}
    table, root = kind._meta.db_table, Event._meta.db_table
    places = ", ".join(["%s"] * len(wanted))
    few = f"""
        SELECT event.user_id FROM {table} AS before JOIN {root} AS event ON event.id = before.event_ptr_id
        WHERE before.{field}_id = shown.{field}_id AND before.event_ptr_id < shown.event_ptr_id
          AND event.user_id IS NOT NULL
        ORDER BY before.event_ptr_id DESC LIMIT {LOOK_BACK:d}"""  # noqa: S608
    found = f"SELECT {JOINED[connection.vendor]} FROM ({few}) AS few"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT shown.event_ptr_id, ({found}) FROM {table} AS shown WHERE shown.event_ptr_id IN ({places})",  # noqa: S608
            wanted,
        )
        return {key: joined.split(SEPARATOR) for key, joined in cursor.fetchall() if joined}


def _daily(events: Sequence[Event]) -> Keys:
    found: Keys = {}
    for kind in {event.kind for event in events if Event.kinds().get(event.kind, Event).folds_daily}:
        newest = max(event.id for event in events if event.kind == kind)
        same = Event.rows.filter(kind=kind, pk__lt=newest, user__isnull=False).order_by("-pk")
        before = [(row.id, row.fold, str(row.user_id)) for row in same.only("kind", "created_at", "user")[:DAILY]]
        for event in (event for event in events if event.kind == kind):
            found[event.id] = [user for key, fold, user in before if key < event.id and fold == event.fold]
    return found


def _names(keys: set[str]) -> dict[str, str]:
    model: Any = get_user_model()
    users = model._default_manager.filter(pk__in=[model._meta.pk.to_python(key) for key in keys]) if keys else ()
    return {str(user.pk): str(getattr(user, name_field())) for user in users}
