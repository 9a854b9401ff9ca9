"""Rows of HTML that have been rendered: kept until something in them changes.

A row follows from its event and the event's user. Each write of an event sets `changed_at`, so a row is known by that
and by the user's values; an event that is shown again isn't even loaded. What a template asks the database for isn't
known that way: such a row isn't kept.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from threading import Lock
from typing import Any

from cachetools import TTLCache
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils.safestring import SafeString, mark_safe

from feed.models import Event

MOST_BYTES = 16 * 1024 * 1024
SECONDS = 60.0
"""For what passes by Django: raw SQL, a fixture."""

_rows: TTLCache[Any, str] = TTLCache(MOST_BYTES, SECONDS, getsizeof=len)
_lock = Lock()


def find(event: Event) -> SafeString | None:
    """The row that was rendered for an event and a user with the same values; `event` may be its root row alone."""
    with _lock:
        row = _rows.get(_key(event))
    return None if row is None or settings.DEBUG else mark_safe(row)  # noqa: S308 (what a template rendered)


def keep(event: Event, render: Callable[[], SafeString]) -> SafeString:
    """Render the row, and keep it if it took no query."""
    with _noting_queries() as queries:
        row = render()
    if not queries and event.kind == event.kind_name():  # else it is without the fields of its kind
        with _lock, suppress(ValueError):  # it is larger than all that may be kept
            _rows[_key(event)] = row
    return row


def forget() -> None:
    with _lock:
        _rows.clear()


def _key(event: Event) -> tuple[Any, ...]:
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
