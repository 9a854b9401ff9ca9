"""What forms for texts show beside the text, and rows for a page that has posted one: while it is sent, and once it is
saved."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from cachetools import LRUCache
from django.conf import settings
from django.forms import BaseForm
from django.utils.safestring import SafeString

from feed.frames.rows import render_rows, render_uncached
from feed.models import Comment, Event, StatusChange
from feed.paths import latest_prefix
from feed.people import name_of, portraits

_cache: LRUCache[Any, SafeString] = LRUCache(1000)
_lock = Lock()

UNSAVED = 0
"""The id of the event in a row that stands for a text that is being sent."""
SOON = datetime(2000, 1, 1, tzinfo=UTC)
"""Its time, until the script puts in the right one. Always the same, so that equal pages have equal markup."""


def sending_row(user: Any, thread: Event | None) -> SafeString:
    """The row of a text that isn't saved yet: without the text, by the template of its kind. Empty if that fails."""
    # Not by the cache of rows: its key doesn't tell comments on different threads apart.
    return _cached(_shown(user, thread), lambda: _sending_row(user, thread))


def fields(form: BaseForm, user: Any, thread: Event | None, name: str, render: Callable[[], SafeString]) -> SafeString:
    """The form's fields apart from those that are hidden, by `render`. Those of an empty form are cached.

    name: the id of the form.
    """
    if form.is_bound:
        return render()
    audience: Any = form.fields.get("audience")
    offered = audience and (tuple(audience.choices), audience.initial)
    return _cached((*_shown(user, thread), type(form), name, offered), render)


def _shown(user: Any, thread: Event | None) -> tuple[Any, ...]:
    return name_of(user), portraits().key(user), thread and thread.pk, latest_prefix(), settings.LANGUAGE_CODE


def _cached(key: tuple[Any, ...], render: Callable[[], SafeString]) -> SafeString:
    with _lock:
        found = None if settings.DEBUG else _cache.get(key)
    if found is None:
        found = render()
        with _lock:
            _cache[key] = found
    return found


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
