"""Where a comment is in its thread, and what an answer there is about."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from feed.access import PageRequest
from feed.models import Comment, Event
from feed.numbers import parse_number
from feed.querysets import EventQuerySet


def place_of(event: Event, size: int, *, answer: bool) -> str:
    """The URL of the page of a thread that shows this event, with the event marked.

    size: how many comments a page shows.
    answer: whether to answer it, in the form at the end of the thread.
    """
    shown = getattr(event, "about_id", None) or event.pk
    thread = reverse("feed:event", args=[event.in_thread])
    if answer:
        return f"{thread}?reply={shown}#compose"
    newer = list(_comments(event).filter(pk__gt=shown).order_by("pk").values_list("pk", flat=True)[:size])
    page = f"?before={newer[size // 2]}" if len(newer) == size else ""
    return f"{thread}{page}#event-{shown}"


def locked(events: EventQuerySet, pk: int) -> tuple[Event, Event]:
    """The event and the root of its thread, locked in the order in which everybody locks them. Otherwise one of them
    could be deleted before something about it is saved. Raises Http404."""
    event = get_object_or_404(events, pk=pk)
    keys = {pk, event.in_thread or pk}
    found = {each.pk: each for each in events.filter(pk__in=keys).select_for_update(of=("self",)).order_by("pk")}
    if len(found) < len(keys):
        raise Http404("it was deleted meanwhile")
    return found[pk], found[event.in_thread or pk]


def about(user: object) -> EventQuerySet:
    """The events that the user may comment on and react to."""
    events: EventQuerySet = Event.objects.visible_to(user).exclude(kind__in=Event.quiet_kinds())
    return events


def answered(request: PageRequest, root: Event) -> Event:
    """What the form on the page of a thread comments on: the comment in `?reply=`, or else the root."""
    key = parse_number(request.GET.get("reply", ""))
    found = _comments(root).visible_to(request.user).filter(pk=key).select_related("user").first() if key else None
    return found or root


def _comments(event: Event) -> EventQuerySet:
    return Comment.rows.filter(thread=event.in_thread or event.pk)
