"""The log as it is often written, in three ways. The machine must find what each of them loses."""

from collections.abc import Callable, Sequence

from django.db import transaction
from django.db.models import Max

from feed import log
from feed.log import Change, Log
from feed.log.batch import Call, Row
from feed.messages import MessageFactory
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
    """Goes on from the head that was read, whatever others have made of it meanwhile."""
    head = Log.objects.get(pk=1)
    elsewhere.happens()
    for change in Change.objects.filter(position=None).order_by("id"):
        head.head += 1
        Change.objects.filter(pk=change.pk).update(position=head.head)
    head.save()
    return log.state()


def number_and_read(
    after: int, limit: int, extra: Sequence[Call] = ()
) -> tuple[log.State, list[Change], list[list[Row]]]:
    """What a hub does, with either way of numbering."""
    state = log.number()
    return state, log.read(after, min(after + limit, state.head)), []


def ring_at_once(event_id: int, summary: Callable[[], str], using: str | None) -> None:
    """The doorbell rings before the commit: a hub that reads at once finds nothing yet."""
    MessageFactory(event_id).on_activity(summary())
