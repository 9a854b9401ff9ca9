"""Events as rows of HTML. An event whose kind fails at that gets a neutral row."""

from collections.abc import Sequence
from functools import cache

from django.conf import settings
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from feed.frames import row_cache
from feed.kinds.guard import attempt
from feed.kinds.kind import is_whole
from feed.kinds.loading import in_own_kinds_as_found
from feed.models import Event
from feed.paths import under_latest_prefix
from feed.rendering import rendered


def render_rows(events: Sequence[Event]) -> list[SafeString]:
    """The rows of these events, with their context. Root rows are enough: only what isn't cached is loaded and
    rendered."""
    rows = row_cache.find(events)
    missing = in_own_kinds_as_found([event for event in events if event.id not in rows], ["context"])
    rows |= {event.id: render_row(event) for event in missing}
    return [rows[event.id] for event in events]


def render_row(event: Event) -> SafeString:
    """The event's row, by the template of its kind, or by the general one if the kind has none.

    If that fails: a neutral row, with what every event has.
    """

    def render() -> SafeString:
        return row_cache.keep(event, lambda: _rendered(_templates(event), event))

    return attempt("render", event.kind, render, lambda: _neutral_row(event))


def render_uncached(event: Event) -> SafeString:
    """The row of an event that isn't saved. "" if it fails."""
    return attempt("render", event.kind, lambda: _rendered(_templates(event), event), SafeString)


def render_quiet(event: Event) -> SafeString:
    """What an event of a quiet kind changes in a page, by the template of its kind. "" if the kind has none."""
    template = f"feed/parts/{event.kind}.html"
    if not has_template(template):
        return SafeString()
    return attempt("render", event.kind, lambda: _rendered([template], event), SafeString)


@cache
def has_template(name: str) -> bool:
    try:
        get_template(name)
    except TemplateDoesNotExist:
        return False
    return True


def _templates(event: Event) -> list[str]:
    general = "feed/events/event.html"
    return [f"feed/events/{event.kind}.html", general] if is_whole(event) else [general]


def _neutral_row(event: Event) -> SafeString:
    return attempt(
        "render", "event", lambda: _rendered(["feed/events/neutral.html"], event), lambda: _smallest_row(event)
    )


def _smallest_row(event: Event) -> SafeString:
    """For a site whose templates or URLs are broken."""
    return format_html('<article id="event-{}" class="event" tabindex="0">{}</article>', str(event.id), str(event))


def _rendered(templates: list[str], event: Event) -> SafeString:
    # Rendered once for everybody: in the project's language, time zone and path, not in those of a request.
    in_zone = timezone.override(timezone.get_default_timezone())
    with translation.override(settings.LANGUAGE_CODE), in_zone, under_latest_prefix():
        html = rendered(templates, {"event": event})
    html.encode()  # fails here on what UTF-8 can't express, not when it is sent
    return html
