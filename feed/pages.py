"""The feed as pages show it: so many rows, and the cursor from which the page is kept up to date."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString

from feed import log, streams
from feed.access import PageRequest
from feed.frames.rows import render_rows
from feed.models import Event
from feed.querysets import EventQuerySet
from feed.rendering import render

SIZE = 30


@dataclass(frozen=True, slots=True)
class Page:
    """A part of some streams.

    state: where the log stood before the events were read, so that what changed meanwhile comes by the socket.
    before: the id below which the events are, or None if there are none above.
    older: the same for the page with the next older ones, or None if there are none.
    """

    state: log.State
    events: list[Event]
    before: int | None = None
    older: int | None = None
    ascending: bool = False

    @classmethod
    def read(
        cls, state: log.State, events: EventQuerySet, names: Collection[str], before: int | None, size: int = SIZE
    ) -> Self:
        """The newest of `events` that are in these streams, newest first. Their root rows are enough."""
        found = streams.newest(events.with_users(), names, before, size + 1)
        older = found[size - 1].pk if len(found) > size else None
        return cls(state, found[:size], before, older)

    def under(self, root: Event) -> Self:
        """As the thread of `root`: oldest first, below it."""
        return replace(self, events=[root, *reversed(self.events)], ascending=True)

    def rows(self) -> list[SafeString]:
        return render_rows(self.events)


def wanted_before(request: PageRequest) -> int | None:
    """The id in `?before=`. Raises Http404 if it isn't one."""
    value = request.GET.get("before")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 18 and int(value)):
        raise Http404("before is the id of an event")
    return int(value)


def show(request: PageRequest, template: str, page: Page, streams: Iterable[str], **context: Any) -> HttpResponse:
    """The page; or what goes below the page that is there, if that asks for older events."""
    if page.before and request.htmx and request.htmx.request_type != "full":
        template = "feed/older.html"
    socket = "/ws/feed/?" + urlencode({"format": "html", "stream": list(streams)}, doseq=True)
    response = render(request, template, {"page": page, "socket": socket, **context})
    patch_vary_headers(response, ["HX-Request", "HX-Request-Type"])
    return response
