"""Sends events again that a process could only send without the fields of their kind.

During a rolling deployment an old process doesn't know a new kind, and a new process may start before the migration
that creates its table. A client that got such an event has a cursor behind it. So the change is marked as incomplete.
When a process can load the event, it records an update, and every client gets the event in full.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import DatabaseError, connection, transaction

from feed import receivers, times
from feed.kinds import loading
from feed.kinds.kind import is_whole
from feed.log import Change
from feed.models import Event

MAX_EVENTS = 100
"""Events that one transaction updates."""
MIN_WAIT, MAX_WAIT = timedelta(seconds=5), timedelta(minutes=5)
"""Time from an incomplete change until its event is sent again."""

logger = logging.getLogger(__name__)


def mark(changes: Iterable[Change], events: Mapping[int, Event]) -> None:
    """Mark the changes whose events lack the fields of their kind, because this process can't read that kind."""
    present = [(change.pk, events[change.event_id]) for change in changes if change.event_id in events]
    partial = {pk: event.kind for pk, event in present if not is_whole(event)}
    readable = _readable(set(partial.values()))
    marked = [pk for pk, kind in partial.items() if kind not in readable]
    if not marked:
        return
    try:
        Change.objects.filter(pk__in=marked, incomplete=False).update(incomplete=True)
    except DatabaseError as error:  # a read-only database; the next process that reads the change marks it
        logger.warning("Changes that were sent without their fields could not be marked: %s", error)


def _readable(names: Iterable[str]) -> set[str]:
    """The kinds among these that this process can load."""
    kinds = Event.kinds()
    return {name for name in names if name in kinds and loading.is_readable(kinds[name])}


def redeliver() -> int:
    """Record an update of each marked event that can be loaded now. Returns how many."""
    marked = Change.objects.filter(incomplete=True).order_by("id")
    kinds = _readable(marked.order_by().values_list("kind", flat=True).distinct())
    latest = times.now() - MIN_WAIT
    due = [change for change in marked.filter(kind__in=kinds)[:MAX_EVENTS] if times.of_database(change.at) < latest]
    if not due:
        return 0
    with transaction.atomic():
        events = loading.of_kinds([(change.kind, change.event_id) for change in due])
        # A deleted event isn't found. Its mark is removed all the same.
        taken = _unmark([change.event_id for change in due if _has_waited(change, events.get(change.event_id))])
        found = [events[key] for key in sorted(taken & events.keys())]
        receivers.notify("updated", found, None)
    return len(found)


def _has_waited(change: Change, event: Event | None) -> bool:
    """Whether to send the event again. The wait is the event's age at the change, so it doubles each time: while a
    process runs that can't load the event, that process marks each update as incomplete, too."""
    at = times.of_database(change.at)
    return event is None or times.now() - at >= min(at - times.in_utc(event.created_at), MAX_WAIT)


def _unmark(event_ids: list[int]) -> set[int]:
    """Remove the marks of these events. Returns the ids that had one: if several processes do this at once, each id is
    returned to exactly one."""
    if not event_ids:
        return set()
    places = ", ".join(["%s"] * len(event_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE feed_change SET incomplete = %s WHERE incomplete AND event_id IN ({places}) RETURNING event_id",  # noqa: S608
            [False, *event_ids],
        )
        return {event_id for (event_id,) in cursor.fetchall()}
