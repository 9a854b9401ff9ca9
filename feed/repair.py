"""Corrects events whose `kind` isn't the name of their class.

Saving sets `kind`. A data migration, a fixture written by hand or raw SQL may not. Such an event is shown without its
fields, and is missing in the stream of its kind.
"""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import QuerySet

from feed import receivers
from feed.batches import batches
from feed.kinds.loading import is_readable
from feed.models import Event
from feed.querysets import lock, own_kinds


def kinds_in_use() -> Iterator[str]:
    """The kinds that events have, whether or not a class exists. One query for each, by the index."""
    names = Event.rows.order_by("kind").values_list("kind", flat=True)
    name = names.first()
    while name is not None:
        yield name
        name = names.filter(kind__gt=name).first()


def repair() -> dict[tuple[str, str], int]:
    """Correct each event whose class exists, and record its creation, so that every stream gets it.

    Returns how many were corrected, by the wrong and the right kind.
    """
    done: dict[tuple[str, str], int] = {}
    for right, model in Event.kinds().items():
        if is_readable(model):
            wrong = _of_class(model).exclude(kind=right)
            for said in set(wrong.values_list("kind", flat=True).distinct()):
                # A bare row with an unknown kind may belong to another release.
                if model is not Event or not said or said in Event.kinds():
                    done[said, right] = _correct(wrong.filter(kind=said), right)
    return done


def _of_class(model: type[Event]) -> QuerySet[Event]:
    """The events with a row of this class, and with none of a derived class."""
    events = Event.rows.filter(pk__in=model.rows.values("pk")) if model is not Event else Event.rows.all()
    for other in Event.kinds().values():
        if other is not model and issubclass(other, model) and is_readable(other):
            events = events.exclude(pk__in=other.rows.values("pk"))
    return events.order_by()


def _correct(wrong: QuerySet[Event], kind: str) -> int:
    count = 0
    for keys in batches(list(wrong.order_by("pk").values_list("pk", flat=True))):
        with transaction.atomic():
            locked = lock(keys, wrong.db)
            before = {event.id: receivers.place(event) for event in own_kinds(locked, wrong.db)}
            QuerySet(Event, using=wrong.db).filter(pk__in=locked).update(kind=kind)
            receivers.notify("created", own_kinds(locked, wrong.db), wrong.db, before)
            count += len(locked)
    return count
