"""Caches rendered rows until something in them changes.

A row depends on its event, the event's user, its context and the path of the site. Each change of an event sets
`changed_at`. So the key of a row is made of `changed_at`, the values of the user and of their portrait, the context and
the path, and an event whose row is cached isn't even loaded. A row that shows more isn't cached: its template queries
the database, or its kind has `select_related`. With Redis, the processes of one release share their rows.
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

from feed.conf import conf
from feed.counts import counts
from feed.frames import shared_rows
from feed.kinds.kind import is_whole
from feed.models import Event
from feed.paths import latest_prefix
from feed.people import portraits

Key = tuple[Any, ...]
"""What a row depends on."""

MAX_BYTES = 16 * 1024 * 1024
SECONDS = 60.0
"""Maximum age, because of writes that don't set `changed_at`: raw SQL, fixtures."""

_rows: TTLCache[Any, str] = TTLCache(MAX_BYTES, SECONDS, getsizeof=len)
_lock = Lock()


def find(events: Sequence[Event]) -> dict[int, SafeString]:
    """The cached rows of these events, by id. Root rows are enough."""
    if settings.DEBUG:  # templates change while they are written
        return {}
    keys = {_key(event): event.id for event in events}
    with _lock:
        found = {key: row for key in keys if (row := _rows.get(key)) is not None}
    if (missing := keys.keys() - found.keys()) and conf.REDIS_URL:
        elsewhere = shared_rows.find(conf.REDIS_URL, list(missing))
        for key, row in elsewhere.items():
            _put(key, row)
        found |= elsewhere
    with _lock:
        counts.row_hits += len(found)
        counts.row_misses += len(keys) - len(found)
    return {keys[key]: mark_safe(row) for key, row in found.items()}  # noqa: S308 (what a template rendered)


def keep(event: Event, render: Callable[[], SafeString]) -> SafeString:
    """The row, from the cache of this process if it is there. Cached if it shows nothing but the event and its user."""
    if settings.DEBUG or event.select_related or not is_whole(event):
        return render()
    key = _key(event)
    with _lock:
        known = _rows.get(key)
    if known is not None:
        return mark_safe(known)  # noqa: S308 (what a template rendered)
    with _noting_queries() as queries:
        row = render()
    if not queries:
        _remember(key, row)
    return row


def _remember(key: Key, row: str) -> None:
    if _put(key, row) and conf.REDIS_URL:
        shared_rows.keep(conf.REDIS_URL, key, row, SECONDS)


def _put(key: Key, row: str) -> bool:
    """Returns False if the row is larger than the whole cache."""
    if len(row) > _rows.maxsize:
        return False
    with _lock:
        _rows[key] = row
    return True


def size() -> tuple[int, int]:
    """Rows in the cache, and their characters."""
    with _lock:
        return len(_rows), int(_rows.currsize)


def forget() -> None:
    with _lock:
        _rows.clear()


def _key(event: Event) -> Key:
    user = vars(event.user) if event.user else {}
    values = [user.get(name) for name in _user_fields()]
    shown = portraits().key(event.user) if event.user else None
    return (
        event.id,
        event.kind,
        event.created_at,
        event.changed_at,
        latest_prefix(),
        repr(values),
        shown,
        repr(event.context or None),
    )


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
