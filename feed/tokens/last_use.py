"""When a token was last used. Its user sees which tokens can go.

Written once a minute at most, and only if that costs nobody anything. A database that is read-only, full or busy still
answers reads. So an error is no reason to refuse the token, and the write doesn't wait for other writers.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock

from cachetools import TTLCache
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from feed.tokens.table import Token

INTERVAL = timedelta(minutes=1)
PATIENCE = 50
"""Milliseconds to wait for another writer of SQLite, which has one at a time."""

logger = logging.getLogger(__name__)

_tried: TTLCache[str, bool] = TTLCache(10_000, INTERVAL.total_seconds())
"""The digests of tokens that this process has tried to write, or else a read-only database would refuse each request's
write. By digest, because an id can be given again."""
_lock = Lock()


def note_use(tokens: Iterable[Token]) -> None:
    due = [token.pk for token in tokens if _is_due(token)]
    if not due:
        return
    try:
        with _little_patience(), transaction.atomic():  # a savepoint, if the caller is in a transaction
            _write(due)
    except DatabaseError as error:
        logger.debug("The last use of a token wasn't written: %s", error)


def _is_due(token: Token) -> bool:
    if token.last_used_at is not None and token.last_used_at > timezone.now() - INTERVAL:
        return False
    with _lock:
        if token.digest in _tried:
            return False
        _tried[token.digest] = True
    return True


@contextmanager
def _little_patience() -> Iterator[None]:
    if connection.vendor != "sqlite":  # others have locks for rows, and `_write` skips locked ones
        yield
        return
    with connection.cursor() as cursor:
        before = int(cursor.execute("PRAGMA busy_timeout").fetchone()[0])
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before}")


def _write(keys: list[int]) -> None:
    now = timezone.now()
    stale = Token.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=now - INTERVAL), pk__in=keys)
    if connection.features.has_select_for_update_skip_locked:
        # Rows that another process writes, or that are being deleted, are not worth waiting for.
        stale = Token.objects.filter(pk__in=stale.select_for_update(skip_locked=True).values("pk"))
    stale.update(last_used_at=now)
