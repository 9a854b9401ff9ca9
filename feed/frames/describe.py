"""Events as JSON."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from django.urls import NoReverseMatch, reverse

from feed.kinds.guard import attempt
from feed.kinds.naming import author
from feed.kinds.related import related_names
from feed.models import Event
from feed.paths import under_latest_prefix
from feed.people import name_of
from feed.times import in_utc

PUBLIC_FIELDS = ("id", "kind", "user", "summary", "url", "audience", "created_at", "edited_at")
"""What every event has. The fields of a kind stand beside these."""


def describe(event: Event) -> dict[str, Any]:
    """The public fields of an event and the fields of its kind. Times are aware and in UTC."""
    own = {field.name: _value(field, event) for field in event.plain_fields()}
    own |= {key.name: _reference(key, event) for key in event.generic_keys()}
    return own | _common(event, name_of(event.user), url_of(event, type(event).get_absolute_url))


def describe_simply(event: Event) -> dict[str, Any]:
    """The public fields only, for an event whose kind fails."""
    url = attempt("find the URL of", "event", lambda: url_of(event, Event.get_absolute_url), lambda: None)
    return _common(event, author(event), url)


def url_of(event: Event, get: Callable[[Event], str]) -> str | None:
    """The URL of the event's page. None in a project without the pages of the feed."""
    try:
        with under_latest_prefix():
            return get(event)
    except NoReverseMatch:
        if has_pages():
            raise
        return None


def has_pages() -> bool:
    try:
        reverse("feed:home")
    except NoReverseMatch:
        return False
    return True


def _common(event: Event, user: str | None, url: str | None) -> dict[str, Any]:
    times = in_utc(event.created_at), event.edited_at and in_utc(event.edited_at)
    values = (event.id, event.kind, user, encodable(str(event)), url, event.audience, *times)
    return dict(zip(PUBLIC_FIELDS, values, strict=True))


def as_json(event: Event) -> str:
    """The event as JSON; with the public fields only if its kind can't be described or encoded."""

    def encoded(fields: dict[str, Any]) -> str:
        return msgspec.json.encode(fields).decode()

    return attempt("describe", event.kind, lambda: encoded(describe(event)), lambda: encoded(describe_simply(event)))


def _reference(key: Any, event: Event) -> dict[str, str | None] | None:
    """Which object a GenericForeignKey leads to. The object itself isn't loaded, and may be gone.

    The label is null if the content type is gone. Django caches content types, so there is no query for each event.
    """
    content_type = event._meta.get_field(key.ct_field).value_from_object(event)
    value = event._meta.get_field(key.fk_field).value_from_object(event)
    if content_type is None or value in (None, ""):
        return None
    return {"label": _label(key, content_type, event), "key": str(value)}


def _label(key: Any, content_type: Any, event: Event) -> str | None:
    try:
        found = key.get_content_type(id=content_type, using=event._state.db)
    except ObjectDoesNotExist:
        return None
    return f"{found.app_label}.{found.model}"


def _value(field: Any, event: Event) -> Any:
    """The field's value. A user who is loaded with the event is described like the event's own."""
    if field.related_model is get_user_model() and field.name in related_names(type(event)):
        return name_of(getattr(event, field.name))
    return _plain(field.value_from_object(event))


def _plain(value: Any) -> Any:
    """A field's value for JSON. A value that JSON has no type for becomes text."""
    if isinstance(value, datetime):
        return in_utc(value)
    try:
        msgspec.json.encode(value)
    except (TypeError, OverflowError):
        return str(value)
    return value


def encodable(text: str) -> str:
    """The text without lone surrogates, which UTF-8 can't express."""
    return text.encode(errors="replace").decode()
