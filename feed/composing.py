"""Rows for a page that has posted a text: while it is sent, and once it is saved."""

from datetime import UTC, datetime
from threading import Lock
from typing import Any

from cachetools import LRUCache
from django.conf import settings
from django.utils.safestring import SafeString

from feed.frames.rows import render_rows, render_uncached
from feed.models import Comment, Event, StatusChange
from feed.paths import latest_prefix
from feed.people import name_of, portraits

_rows: LRUCache[Any, SafeString] = LRUCache(1000)
_lock = Lock()

UNSAVED = 0
"""The id of the event in a row that stands for a text that is being sent."""
SOON = datetime(2000, 1, 1, tzinfo=UTC)
"""Its time, until the script puts in the right one. Always the same, so that equal pages have equal markup."""


def sending_row(user: Any, thread: Event | None) -> SafeString:
    """The row of a text that isn't saved yet: without the text, by the template of its kind. Empty if that fails."""
    # Not by the cache of rows: its key doesn't tell comments on different threads apart.
    key = name_of(user), portraits().key(user), thread and thread.pk, latest_prefix(), settings.LANGUAGE_CODE
    with _lock:
        row = None if settings.DEBUG else _rows.get(key)
    if row is None:
        row = _sending_row(user, thread)
        with _lock:
            _rows[key] = row
    return row


def _sending_row(user: Any, thread: Event | None) -> SafeString:
    values = {"id": UNSAVED, "event_ptr_id": UNSAVED, "user": user, "created_at": SOON, "text": ""}
    event: Any = StatusChange(**values) if thread is None else Comment(**values, thread=thread)
    event.kind = event.kind_name()
    return render_uncached(event)


def posted_rows(user: Any, pk: int | None) -> list[SafeString]:
    """The row of the event that a form has posted, or none if it has been deleted since.

    A page that isn't live gets it with the response. On a live page it may arrive twice, which does no harm.
    """
    return render_rows(list(Event.rows.visible_to(user).with_users().filter(pk=pk)))
