"""Rows of HTML that have been rendered: kept until something in them changes.

A row follows from its event and the event's user. Each write of an event sets `changed_at`, so a row is known by that
and by the user's values; an event that is shown again isn't even loaded. What a template asks the database for isn't
known that way: such a row isn't kept. Where Redis is, processes of the same release share what they render.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from cachetools import TTLCache
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils.safestring import SafeString, mark_safe

from feed import shared
from feed.models import Event

Key = tuple[Any, ...]
"""What a row follows from, as far as the database says it."""

MOST_BYTES = 16 * 1024 * 1024
SECONDS = 60.0
"""For what passes by Django: raw SQL, a fixture."""

_rows: TTLCache[Any, str] = TTLCache(MOST_BYTES, SECONDS, getsizeof=len)
_lock = Lock()


def find(events: Sequence[Event]) -> dict[int, SafeString]:
    """By id, the rows that were rendered for these events with the same values; the root rows of events are enough."""
    if settings.DEBUG:  # templates change while they are written
        return {}
    keys = {_key(event): event.id for event in events}
    with _lock:
        found = {key: row for key in keys if (row := _rows.get(key)) is not None}
    if (missing := keys.keys() - found.keys()) and settings.REDIS_URL:
        elsewhere = shared.find(settings.REDIS_URL, list(missing))
        for key, row in elsewhere.items():
            _put(key, row)
        found |= elsewhere
    return {keys[key]: mark_safe(row) for key, row in found.items()}  # noqa: S308 (what a template rendered)


def keep(event: Event, render: Callable[[], SafeString]) -> SafeString:
    """Render the row, and keep it if it took no query."""
    with _noting_queries() as queries:
        row = render()
    if not queries and event.kind == event.kind_name():  # else it is without the fields of its kind
        _remember(_key(event), row)
    return row


def _remember(key: Key, row: str) -> None:
    if _put(key, row) and settings.REDIS_URL and not settings.DEBUG:
        shared.keep(settings.REDIS_URL, key, row, SECONDS)


def _put(key: Key, row: str) -> bool:
    """Whether there is room: a row may be larger than all that is kept."""
    if len(row) > _rows.maxsize:
        return False
    with _lock:
        _rows[key] = row
    return True


def forget() -> None:
    with _lock:
        _rows.clear()


def _key(event: Event) -> Key:
    values = map(vars(event.user).get, _user_fields())
    return event.id, event.kind, event.changed_at, repr([*values])


@cache
def _user_fields() -> list[str]:
    return [field.attname for field in get_user_model()._meta.concrete_fields]


@contextmanager
def _noting_queries() -> Iterator[list[str]]:
    queries: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield queries
