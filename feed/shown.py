"""Events as JSON and as rows of HTML. An event whose kind fails at that is shown in its simplest form."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from feed import kept
from feed.guard import attempt
from feed.loading import in_own_kinds
from feed.models import Event
from feed.naming import author
from feed.rendering import rendered


def describe(event: Event) -> dict[str, Any]:
    """An event's public fields, as design and API promise them; times are aware, and in UTC."""
    own = {field.name: _plain(field.value_from_object(event)) for field in event.own_fields()}
    return own | _common(event, event.user.get_username(), event.get_absolute_url())


def describe_simply(event: Event) -> dict[str, Any]:
    """What every event has, whatever its kind may fail at."""
    url = attempt("find the URL of", "event", lambda: Event.get_absolute_url(event), str)
    return _common(event, author(event), url)


def _common(event: Event, user: str | None, url: str) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind,
        "user": user,
        "summary": encodable(str(event)),
        "url": url,
        "created_at": in_utc(event.created_at),
        "edited_at": in_utc(event.edited_at),
    }


def as_json(event: Event) -> str:
    """The event as JSON, in its simplest form if its kind can't be described or encoded."""

    def encoded(fields: dict[str, Any]) -> str:
        return msgspec.json.encode(fields).decode()

    return attempt("describe", event.kind, lambda: encoded(describe(event)), lambda: encoded(describe_simply(event)))


def _plain(value: Any) -> Any:
    """A field's value as JSON has it; what JSON has no type for becomes its text."""
    if isinstance(value, datetime):
        return in_utc(value)
    try:
        msgspec.json.encode(value)
    except (TypeError, OverflowError):
        return str(value)
    return value


def in_utc(at: datetime | None) -> datetime | None:
    """The same moment in UTC. Where USE_TZ is off, times come without a zone, and are those of TIME_ZONE."""
    if at is None:
        return None
    return (timezone.make_aware(at) if timezone.is_naive(at) else at).astimezone(UTC)


def encodable(text: str) -> str:
    """Without the halves of characters that have no UTF-8."""
    return text.encode(errors="replace").decode()


def render_rows(events: Sequence[Event]) -> list[SafeString]:
    """The rows of these events, of which the root rows are enough: only what isn't kept is loaded and rendered."""
    rows = kept.find(events)
    missing = in_own_kinds([event for event in events if event.id not in rows])
    rows |= {event.id: render_row(event) for event in missing}
    return [rows[event.id] for event in events]


def render_row(event: Event) -> SafeString:
    """The event's row, from the template of its kind, or from the one for any kind if it has none.

    If that fails: a row with what every event has.
    """

    def render() -> SafeString:
        return kept.keep(event, lambda: _rendered(_templates(event), event))

    return attempt("render", event.kind, render, lambda: _neutral_row(event))


def _templates(event: Event) -> list[str]:
    general = "feed/events/event.html"
    is_complete = event.kind == event.kind_name()
    return [f"feed/events/{event.kind}.html", general] if is_complete else [general]


def _neutral_row(event: Event) -> SafeString:
    return attempt(
        "render", "event", lambda: _rendered(["feed/events/neutral.html"], event), lambda: _smallest_row(event)
    )


def _smallest_row(event: Event) -> SafeString:
    """For a site whose own templates or URLs are broken."""
    return format_html('<article id="event-{}" class="event" tabindex="0">{}</article>', str(event.id), str(event))


def _rendered(templates: list[str], event: Event) -> SafeString:
    # Once for everybody: so in the project's language and time zone, whatever those of a request are.
    with translation.override(settings.LANGUAGE_CODE), timezone.override(timezone.get_default_timezone()):
        html = rendered(templates, {"event": event})
    html.encode()  # half a character can't be sent
    return html
