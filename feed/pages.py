"""A page of the feed: rows, and the cursor from which the page stays up to date."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString

from feed import log, streams
from feed.access import PageRequest
from feed.frames.at_state import at_state
from feed.frames.context import add_context_at
from feed.frames.folds import fold_of
from feed.frames.rows import render_rows
from feed.logging.request_ids import current
from feed.models import Event, Reaction
from feed.muted import NOTHING, Muted
from feed.numbers import parse_number
from feed.paths import latest_prefix, socket_path
from feed.querysets import EventQuerySet
from feed.rendering import joined, render

SIZE = 30
FOLDED_SIZE = 200
"""Events to look at for the next rows, if one row has stood for many, or if many are muted."""


@dataclass(frozen=True, slots=True)
class Page:
    """
    state: how far the log reached before the events were read. The socket brings what has changed since.
    before: an id; all events have smaller ids. None on the first page.
    older: `before` of the next page, or None if there are no older events.
    folds: whether a row stands for others; see `feed.frames.folds`.
    muted: what is left out.
    """

    state: log.State
    events: list[Event]
    before: int | None = None
    older: int | None = None
    ascending: bool = False
    folds: bool = False
    muted: Muted = NOTHING

    @classmethod
    def read(
        cls,
        state: log.State,
        user: object,
        names: Collection[str],
        before: int | None,
        size: int = SIZE,
        events: EventQuerySet | None = None,
        without: Sequence[str] | None = None,
        kinds: Collection[str] = (),
        audiences: Collection[str] | None = None,
    ) -> Self:
        """The newest events in these streams that the user may see, newest first.

        events: the query for the rows.
        without: kinds that are left out; by default those that are quiet.
        kinds: only events of these kinds, if there are any.
        audiences: those of the user, if they are known.
        """
        rows = Event.rows.with_users().with_links() if events is None else events
        quiet = Event.quiet_kinds() if without is None else without
        found = streams.newest_for(user, rows, names, before, size + 1, audiences, quiet, kinds)
        return cls.of(state, found, before, size)

    @classmethod
    def of(cls, state: log.State, found: list[Event], before: int | None, size: int = SIZE) -> Self:
        """The first `size` of these events. One more says that there are older ones."""
        older = found[size - 1].pk if len(found) > size else None
        return cls(state, found[:size], before, older)

    @classmethod
    def read_rows(
        cls,
        state: log.State,
        user: object,
        names: Collection[str],
        before: int | None,
        *,
        folds: bool,
        muted: Muted = NOTHING,
        kinds: Collection[str] = (),
        **options: Any,
    ) -> Self:
        """Like `read`, without what is muted. If it folds: with one row for all comments of a thread, and for all who
        joined on a day."""
        audiences = streams.audiences_of(user)

        def read() -> Any:
            wanted = {"audiences": audiences, "kinds": kinds, **options}
            return cls._read_rows(state, user, names, before, folds, muted, **wanted)

        key = frozenset(names), before, folds, muted.as_json, audiences, frozenset(kinds)
        page: Self = read() if options else at_state(state, key, read)
        return page

    @classmethod
    def _read_rows(
        cls,
        state: log.State,
        user: object,
        names: Collection[str],
        before: int | None,
        folds: bool,
        muted: Muted,
        **options: Any,
    ) -> Self:
        """Three reads at most: a page may have fewer rows, and still older ones."""
        page, events, seen = cls(state, [], older=before), list[Event](), set[str]()
        for size in (SIZE, *[FOLDED_SIZE] * 2):
            page = cls.read(state, user, names, page.older, size, **options)
            for event in page.events:
                if muted.hides(event):
                    continue
                fold = fold_of(event) if folds else ""
                if not fold or fold not in seen:
                    events.append(event)
                seen.add(fold)
                if len(events) == SIZE:
                    older = event.id if event != page.events[-1] else page.older
                    return cls(state, events, before, older, folds=folds, muted=muted)
            if page.older is None:
                break
        return cls(state, events, before, page.older, folds=folds, muted=muted)

    def under(self, root: Event) -> Self:
        """The page as a thread: `root`, and below it the other events, oldest first."""
        comments = [event for event in reversed(self.events) if event.pk != root.pk]
        return replace(self, events=[root, *comments], ascending=True)

    def leaving_out(self, keys: Collection[str]) -> Self:
        """The page without the events with these ids."""
        return replace(self, events=[event for event in self.events if str(event.pk) not in keys])

    def rows(self) -> SafeString:
        key = tuple((event.id, event.audience, event.changed_at) for event in self.events), self.folds, latest_prefix()
        add_context_at(self.state, self.events, folds=self.folds)
        return at_state(self.state, key, lambda: joined(render_rows(self.events)))

    def reactions_of(self, user: Any) -> str:
        """Which emoji the user has put to these events: `42:👍 42:🎉`. Asks only if there are reactions."""
        keys = [event.id for event in self.events if event.context and event.context.tally.reactions]
        if not (keys and user.is_authenticated):
            return ""
        mine = Reaction.rows.filter(user=user, about__in=keys).values_list("about", "emoji")
        return " ".join(f"{key}:{emoji}" for key, emoji in mine)


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
    watched = list(names)
    badges = [each.prefix for each in streams.all_personal() if each.is_badge and request.user.is_authenticated]
    query = {"format": "html", "stream": watched, "badge": badges, "request": [*filter(None, [current.get()])]}
    socket = f"{socket_path()}?" + urlencode(query, doseq=True)
    rows = page.rows()
    reacted = page.reactions_of(request.user)
    shown = {"page": page, "rows": rows, "reacted": reacted, "socket": socket, "streams": watched}
    response = render(request, template, {**shown, **context})
    patch_vary_headers(response, ["HX-Request", "HX-Request-Type"])
    return response
