"""The tabs of a person's page: everything, or the events of one kind."""

from collections import Counter
from typing import Any, NamedTuple

from django.http import Http404

from feed import log, pages
from feed.access import PageRequest
from feed.models import Event

KINDS = {"status_change": ("Posts", "post"), "comment": ("Comments", "comment")}
"""The kinds that have a tab, with its label and the noun of one of them."""
MAX_COUNTED = 2000
"""Of a person's newest events: counting all of them would take longer, the more somebody has posted."""


class Tab(NamedTuple):
    kind: str
    label: str
    is_shown: bool


class Count(NamedTuple):
    number: int
    noun: str
    is_least: bool
    """Whether there may be more."""


def shown_kind(request: PageRequest) -> str:
    """The kind in `?kinds=`, or "" for all. Raises Http404."""
    kind = request.GET.get("kinds", "")
    if kind and (kind not in Event.kinds() or kind in Event.quiet_kinds()):
        raise Http404("kinds is the name of a kind")
    return kind


def offered(request: PageRequest) -> list[Tab]:
    shown = shown_kind(request)
    return [Tab("", "All", not shown), *(Tab(kind, label, kind == shown) for kind, (label, _) in KINDS.items())]


def read(request: PageRequest, state: log.State, stream: str) -> pages.Page:
    """The newest events in a person's stream, of the kind that is asked for."""
    kinds = list(filter(None, [shown_kind(request)]))
    return pages.Page.read(state, request.user, [stream], pages.wanted_before(request), kinds=kinds)


def counted(user: object, person: Any) -> list[Count]:
    """How many of a person's events the user may see, by kind."""
    events = Event.rows.visible_to(user).filter(user=person).newest()
    kinds = Counter(events.values_list("kind", flat=True)[:MAX_COUNTED])
    is_least = kinds.total() == MAX_COUNTED
    return [Count(kinds[kind], noun, is_least) for kind, (_, noun) in KINDS.items()]
