"""A page of the feed: rows, and the cursor from which the page stays up to date."""

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
from feed.numbers import parse_number
from feed.paths import socket_path
from feed.rendering import render

SIZE = 30


@dataclass(frozen=True, slots=True)
class Page:
    """
    state: how far the log reached before the events were read. The socket brings what has changed since.
    before: an id; all events have smaller ids. None on the first page.
    older: `before` of the next page, or None if there are no older events.
    """

    state: log.State
    events: list[Event]
    before: int | None = None
    older: int | None = None
    ascending: bool = False

    @classmethod
    def read(
        cls,
        state: log.State,
        user: object,
        names: Collection[str],
        before: int | None,
        size: int = SIZE,
        kinds: Collection[str] = (),
    ) -> Self:
        """The newest events in these streams that the user may see, newest first.

        kinds: only events of these kinds, if there are any.
        """
        found = streams.newest_for(user, Event.rows.with_users(), names, before, size + 1, kinds=kinds)
        return cls.of(state, found, before, size)

    @classmethod
    def of(cls, state: log.State, found: list[Event], before: int | None, size: int = SIZE) -> Self:
        """The first `size` of these events. One more says that there are older ones."""
        older = found[size - 1].pk if len(found) > size else None
        return cls(state, found[:size], before, older)

    def under(self, root: Event) -> Self:
        """The page as a thread: `root`, and below it the other events, oldest first."""
        comments = [event for event in reversed(self.events) if event.pk != root.pk]
        return replace(self, events=[root, *comments], ascending=True)

    def rows(self) -> list[SafeString]:
        return render_rows(self.events)


def wanted_before(request: PageRequest) -> int | None:
    """The id in `?before=`, or None. Raises Http404 if it isn't an id."""
    if "before" not in request.GET:
        return None
    if not (number := parse_number(request.GET["before"])):
        raise Http404("before is the id of an event")
    return number


def show(request: PageRequest, template: str, page: Page, names: Iterable[str], **context: Any) -> HttpResponse:
    """The whole page, with a socket that watches the streams with these names. If htmx loads older rows into a page:
    only these rows."""
    if page.before and request.htmx and request.htmx.request_type != "full":
        template = "feed/older.html"
    socket = f"{socket_path()}?" + urlencode({"format": "html", "stream": list(names)}, doseq=True)
    response = render(request, template, {"page": page, "socket": socket, **context})
    patch_vary_headers(response, ["HX-Request", "HX-Request-Type"])
    return response
