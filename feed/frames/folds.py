"""Rows that fold: in a feed, the newest comment of a thread stands for all of them, and names who commented before.

The same with a kind that `folds_daily`, such as people who join: the newest of a day stands for all of that day.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection

from feed.log import PUBLIC
from feed.models import Comment, Event, Reaction
from feed.people import chosen_name, portraits

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
    wanted = {event.id: event.audience for event in events if event.kind == kind.kind_name()}
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
            f"SELECT shown.event_ptr_id, seen.audience, ({found}) FROM {table} AS shown"  # noqa: S608
            f" JOIN {root} AS seen ON seen.id = shown.event_ptr_id WHERE shown.event_ptr_id IN ({places})",
            [*wanted],
        )
        # All in a thread have its audience. But the thread may have been hidden since the event was read.
        rows = [(key, joined) for key, audience, joined in cursor.fetchall() if audience == wanted[key]]
        return {key: joined.split(SEPARATOR) for key, joined in rows if joined}


def _daily(events: Sequence[Event]) -> Keys:
    found: Keys = {}
    for kind in {event.kind for event in events if Event.kinds().get(event.kind, Event).folds_daily}:
        shown = [event for event in events if event.kind == kind]
        audiences = {PUBLIC, *(event.audience for event in shown)}
        same = Event.rows.filter(kind=kind, pk__lt=max(event.id for event in shown), user__isnull=False)
        rows = same.filter(audience__in=audiences).order_by("-pk").only("kind", "audience", "created_at", "user")
        before = list(rows[:DAILY])
        for event in shown:
            found[event.id] = [str(each.user_id) for each in before if _is_before(each, event)]
    return found


def _is_before(other: Event, event: Event) -> bool:
    """Whether the event's row names the user of the other one. Every reader of the row must be allowed to see both."""
    return other.id < event.id and other.fold == event.fold and other.audience in (PUBLIC, event.audience)


def _names(keys: set[str]) -> dict[str, str]:
    model: Any = get_user_model()
    shown = model._default_manager.select_related(portraits().relation)
    users = shown.filter(pk__in=[model._meta.pk.to_python(key) for key in keys]) if keys else ()
    return {str(user.pk): chosen_name(user) for user in users}
