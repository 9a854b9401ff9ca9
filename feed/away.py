"""What happened while somebody was away: a count of what is new since a position of the log."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from feed import log, streams
from feed.access import PageRequest, page_view
from feed.log import PUBLIC, Change
from feed.models import Event
from feed.muted import muted_by
from feed.numbers import parse_number
from feed.people import name_of
from feed.rendering import render

MAX_CHANGES = 1000
"""Changes that are looked at, the newest. With more of them, the numbers are the least that it can be."""


class Count(NamedTuple):
    number: int
    noun: str


@page_view
@require_safe
def away(request: PageRequest) -> HttpResponse:
    """What is new in the streams after the position `?after=` of the log `?log=`. 204 if nothing is, or if that can't
    be said: the log is another one, or doesn't reach back so far."""
    names = streams.parse(request.GET.getlist("stream"))
    after, state = parse_number(request.GET.get("after", "")), log.state()
    if after is None or request.GET.get("log") != state.epoch or not state.floor <= after < state.head:
        return HttpResponse(status=204)
    start = max(after, state.head - MAX_CHANGES)
    try:
        changes = log.read(start, state.head)
    except log.Expired:  # pruned meanwhile
        return HttpResponse(status=204)
    counts = counted(created(changes), names, request)
    if not counts:
        return HttpResponse(status=204)
    return render(request, "feed/away.html", {"counts": counts, "is_capped": start > after})


def created(changes: Iterable[Change]) -> list[Change]:
    """The changes that created events, each with the latest places of its event. Without what was deleted since."""
    found = dict[int, Change]()
    for change in changes:
        if change.action == Change.Action.CREATED:
            found[change.event_id] = change
        elif change.action == Change.Action.DELETED:
            found.pop(change.event_id, None)
        elif change.action == Change.Action.UPDATED and change.event_id in found:
            found[change.event_id] = change
    return list(found.values())


def counted(changes: Sequence[Change], names: frozenset[str], request: PageRequest) -> list[Count]:
    """How many there are of each kind of what the user may see and would be shown, the most first."""
    audiences, muted = streams.audiences_of(request.user), muted_by(request.user)
    personal = streams.personal(names)
    own = {f"user:{name_of(request.user)}"} if request.user.is_authenticated else set()

    def is_shown(change: Change) -> bool:
        held = frozenset(change.streams)
        is_in = PUBLIC in names or bool(names & held) or streams.holds(personal, held, audiences)
        is_left_out = not own.isdisjoint(held) or muted.hides_streams(held)
        return is_in and not is_left_out and change.audience in audiences

    kinds = Event.kinds()
    numbers = Counter(each.kind for each in changes if each.kind in kinds and is_shown(each))
    rows = ((kinds[kind], number) for kind, number in numbers.most_common() if not kinds[kind].is_quiet)
    return [Count(number, noun(kind, number)) for kind, number in rows]


def noun(kind: type[Event], number: int) -> str:
    return str(kind._meta.verbose_name if number == 1 else kind._meta.verbose_name_plural)
