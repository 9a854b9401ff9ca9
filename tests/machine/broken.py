"""The log as it is often written, in three ways. The machine must find what each of them loses."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Max

from feed import log
from feed.log import Change, Log
from feed.messages import MessageFactory
from feed.models import Event
from tests.machine.elsewhere import elsewhere


def number_by_key() -> log.State:
    """Positions are primary keys: a transaction that began early and commits late is passed over."""
    with transaction.atomic():
        Log.objects.select_for_update().get(pk=1)
        for change in Change.objects.filter(position=None):
            Change.objects.filter(pk=change.pk).update(position=change.pk)
        Log.objects.update(head=Change.objects.aggregate(newest=Max("position", default=0))["newest"])
    return log.state()


def number_without_the_lock() -> log.State:
    """Who has read the head goes on from it, whatever others have made of it meanwhile."""
    head = Log.objects.get(pk=1)
    elsewhere.happens()
    for change in Change.objects.filter(position=None).order_by("id"):
        head.head += 1
        Change.objects.filter(pk=change.pk).update(position=head.head)
    head.save()
    return log.state()


def follow(after: int, most: int, kinds: Iterable[type[Event]] = ()) -> tuple[log.State, list[Change], list[Event]]:
    """What a hub does, with whichever way of numbering."""
    state = log.number()
    return state, log.read(after, min(after + most, state.head)), []


def ring_at_once(event: Event, using: str | None) -> None:
    """The doorbell rings before the commit: who hears it looks, and finds nothing yet."""
    MessageFactory(event.pk).on_activity(str(event))
