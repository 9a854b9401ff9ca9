"""Common ways to write such a log and such a hub, all wrong. The machine must find what each of them loses or leaks."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from feed import log
from feed.frames.entries import Entry
from feed.hub.audiences import Audiences
from feed.hub.watcher import Watcher
from feed.log import Change, Log
from feed.log.batch import Call, Row
from feed.messages import MessageFactory
from feed.streams import Personal
from tests.machine.concurrent_numbering import concurrent_work


def number_by_key() -> log.State:
    """Use primary keys as positions: hubs then miss a transaction that began early and commits late."""
    with transaction.atomic():
        Log.objects.select_for_update().get(pk=1)
        for change in Change.objects.filter(position=None):
            Change.objects.filter(pk=change.pk).update(position=change.pk)
        Log.objects.update(head=Change.objects.aggregate(newest=Max("position", default=0))["newest"])
    return log.state()


def number_without_the_lock() -> log.State:
    """Continue from the head that was read, even if another process has moved it since."""
    head = Log.objects.get(pk=1)
    concurrent_work.run()
    for change in Change.objects.filter(position=None).order_by("id"):
        head.head += 1
        Change.objects.filter(pk=change.pk).update(position=head.head)
    head.save()
    return log.state()


def number_and_read(
    after: int, limit: int, extra: Sequence[Call] = ()
) -> tuple[log.State, list[Change], list[list[Row]]]:
    """What a hub calls; works with both kinds of numbering above."""
    state = log.number()
    return state, log.read(after, min(after + limit, state.head)), []


def ring_at_once(event_id: int, summary: Callable[[], str], using: str | None) -> None:
    """Ring before the commit: a hub that reads at once finds nothing yet."""
    MessageFactory(event_id).on_activity(summary())


def keep_audiences(hub: Audiences, users: Iterable[str]) -> list[Watcher]:
    """Ask for a user's audiences once: one who has left is still sent what is posted."""
    return []


def record_no_move(action: str, event: Any, before: object) -> log.Recorded:
    """Record only where an event is now: one who sees it no more isn't told."""
    return log.Recorded(event.id, event.kind, event.streams(), event.audience)


def tell_by_recorded_audience(
    entry: Entry, streams: frozenset[str], audiences: frozenset[str], personal: Collection[Personal] = ()
) -> str | None:
    """Decide by the audience at the time of the change, though the event is shown as it is now."""
    entry.shown_to = entry.audience
    return TOLD(entry, streams, audiences, personal)


TOLD = Entry.told
