"""Stores the events of a copy as they are, and records what is different. All in the open transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DataError, IntegrityError, connection, transaction
from django.db.models import QuerySet

from feed import receivers
from feed.batches import batches
from feed.inserting import insert_rows, tables
from feed.mirror.events import Json, Making
from feed.models import Event
from feed.querysets import lock, own_kinds

USING = DEFAULT_DB_ALIAS
FIRST_OWN_ID = 2**40
"""The copy's own events have ids from here on. Those below are the source's."""


def reserve_ids() -> None:
    """Let the events that are posted in this database have ids from FIRST_OWN_ID on."""
    table = Event._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, FIRST_OWN_ID])
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, FIRST_OWN_ID - 1])


def delete(keys: Collection[int]) -> None:
    for part in batches(keys):
        Event.objects.filter(pk__in=part).delete()


def delete_between(low: int, high: int, kept: Collection[int]) -> None:
    """Delete the events with an id in [low, high), except these."""
    here = Event.rows.filter(pk__gte=low, pk__lt=min(high, FIRST_OWN_ID)).values_list("pk", flat=True)
    delete({*here} - {*kept})


def write(url: str, said: Sequence[Json]) -> None:
    """Store these events of the source at `url`. One that its table refuses is kept as an activity."""
    if not said:
        return
    making = Making(url, said)
    try:
        with transaction.atomic():
            store(making.events())
    except (IntegrityError, DataError):
        for each in sorted(said, key=lambda each: each["id"]):
            _write_one(Making(url, [each]), each)


def _write_one(making: Making, said: Json) -> None:
    try:
        with transaction.atomic():
            store(making.events())
    except (IntegrityError, DataError):
        store([making.plain(said)])


def store(events: Sequence[Event]) -> None:
    """Insert those that aren't here, and replace those that are different here."""
    found = {event.pk: event for event in own_kinds(lock([event.id for event in events], USING), USING)}
    before = {key: receivers.place(event) for key, event in found.items()}
    new = [event for event in events if event.id not in found]
    changed = [event for event in events if event.id in found and differ(found[event.id], event)]
    _insert(new)
    for event in changed:
        _replace(found[event.id], event)
    receivers.notify("created", new, USING)
    receivers.notify("updated", changed, USING, before)


def differ(one: Event, other: Event) -> bool:
    names = [field.attname for field in _fields(type(one)) if field.name != "changed_at"]
    return type(one) is not type(other) or any(getattr(one, name) != getattr(other, name) for name in names)


def _insert(events: Iterable[Event]) -> None:
    by_kind = defaultdict[type[Event], list[Event]](list)
    for event in events:
        by_kind[type(event)].append(event)
    for kind, some in by_kind.items():
        for table in tables(kind):
            insert_rows(table, some, USING, raw=True)
        _mark_stored(some)


def _replace(old: Event, new: Event) -> None:
    if type(old) is type(new):
        _update(type(new), new)
    else:  # since then its kind was installed here, or what it refers to has come
        for table in reversed(tables(type(old))[1:]):
            QuerySet(table, using=USING).filter(pk=old.pk)._raw_delete(USING)
        _update(Event, new)
        for table in tables(type(new))[1:]:
            insert_rows(table, [new], USING, raw=True)
    _mark_stored([new])


def _update(model: type[Event], event: Event) -> None:
    """Without the queryset of events, which would set `edited_at`."""
    rows: QuerySet[Any] = QuerySet(model, using=USING)
    rows.filter(id=event.id).update(**{field.attname: getattr(event, field.attname) for field in _fields(model)})


def _fields(model: type[Any]) -> list[Any]:
    """What an event of this class says: all columns, without the keys of its tables."""
    return [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.generated or getattr(field.remote_field, "parent_link", False))
    ]


def _mark_stored(events: Iterable[Event]) -> None:
    for event in events:
        event._state.adding, event._state.db = False, USING
