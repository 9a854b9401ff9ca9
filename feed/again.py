"""Brings events again that a process has sent without the fields of their kind, as it couldn't load them.

During a rolling deployment an old process doesn't know a new kind, and a new process may start before its tables are
there. A client that was sent such an event has a cursor after it. So the change is marked, and as soon as a process can
load the event, it records an update: everybody is sent it in full.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from feed import loading, receivers
from feed.models import Change, Event

INTERVAL = 10.0
"""Seconds between two looks."""
MOST = 100
"""Events that are brought again in one transaction."""
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=5)
"""Before an event is brought again."""

logger = logging.getLogger(__name__)


async def follow(query: Callable[[Callable[[], int]], Awaitable[int]]) -> None:
    """Bring again what can be loaded now, for as long as it is asked to. `query` reads the database in a thread."""
    while True:
        await asyncio.sleep(INTERVAL)
        try:
            await query(bring)
        except DatabaseError as error:  # the hub says what is wrong
            logger.debug("No event can be brought again: %s", error)
        except Exception:
            logger.exception("No event was brought again this time")


def mark(changes: Iterable[Change], events: Mapping[int, Event]) -> None:
    """Remember the changes whose events have been loaded without their kinds, if it is this process that can't."""
    partial = [change for change in changes if _is_partial(events.get(change.event_id))]
    names = {events[change.event_id].kind for change in partial}
    unreadable = names - _readable(names)
    marked = [change.pk for change in partial if events[change.event_id].kind in unreadable]
    if not marked:
        return
    try:
        Change.objects.filter(pk__in=marked, incomplete=False).update(incomplete=True)
    except DatabaseError as error:  # it can be read only, for now; what is read again is marked then
        logger.warning("Events that were sent without their fields could not be marked: %s", error)


def _is_partial(event: Event | None) -> bool:
    return event is not None and event.kind != event.kind_name()


def _readable(names: Iterable[str]) -> set[str]:
    """Those of these kinds that this process can load."""
    kinds = Event.kinds()
    return {name for name in names if name in kinds and loading.is_readable(kinds[name])}


def bring() -> int:
    """Record an update of each marked event that can be loaded now, and return how many there were."""
    marked = Change.objects.filter(incomplete=True).order_by("id")
    kinds = _readable(marked.order_by().values_list("kind", flat=True).distinct())
    due = [change for change in marked.filter(kind__in=kinds)[:MOST] if change.at < timezone.now() - SHORTEST_WAIT]
    if not due:
        return 0
    with transaction.atomic():
        wanted: dict[str, set[int]] = {}
        for change in due:
            wanted.setdefault(change.kind, set()).add(change.event_id)
        events = loading.of_kinds(wanted, Event.kinds())
        # An event that isn't there is never brought: it has been deleted.
        taken = _unmark([change.event_id for change in due if _has_waited(change, events.get(change.event_id))])
        brought = [events[key] for key in sorted(taken & events.keys())]
        receivers.notify("updated", brought, None)
    return len(brought)


def _has_waited(change: Change, event: Event | None) -> bool:
    """Twice as long each time: while a process runs that can't load it, the update is marked as well."""
    return event is None or timezone.now() - change.at >= min(change.at - event.created_at, LONGEST_WAIT)


def _unmark(event_ids: list[int]) -> set[int]:
    """Returns those that were marked: of several processes that do the same at once each event goes to one."""
    if not event_ids:
        return set()
    places = ", ".join(["%s"] * len(event_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE feed_change SET incomplete = %s WHERE incomplete AND event_id IN ({places}) RETURNING event_id",  # noqa: S608
            [False, *event_ids],
        )
        return {event_id for (event_id,) in cursor.fetchall()}
