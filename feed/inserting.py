"""Inserts many events of one kind, table by table, as Django inserts one.

It stands below the models, so events are typed `Any` here.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections, transaction
from django.db.models import QuerySet, prefetch_related_objects

from feed import receivers, streams
from feed.batches import batches
from feed.kinds.kind import root_model
from feed.threads import join_threads


def insert(model: type[Any], objs: Iterable[Any], using: str, batch_size: int | None = None) -> list[Any]:
    """Insert the events and record them, in one transaction. Returns them with their keys set.

    model: the class whose events these must be.
    batch_size: maximum rows in one statement.
    Raises ValueError if they aren't all of one class.
    """
    if batch_size is not None and batch_size <= 0:
        raise ValueError("Batch size must be a positive integer.")
    events = list(objs)
    if events:
        kind = _class_of_all(events, model)
        with transaction.atomic(using=using):
            _prepare(events, kind, using)
            for table in tables(kind._meta.concrete_model):
                insert_rows(table, events, using, batch_size)
            _finish(events, using)
            receivers.notify("created", events, using)
    return events


def _class_of_all(events: Sequence[Any], model: type[Any]) -> type[Any]:
    classes = {type(event) for event in events}
    names = ", ".join(sorted(each.__name__ for each in classes))
    if len(classes) > 1:
        raise ValueError(f"bulk_create() takes events of one class, not of several: {names}. Call it for each.")
    if not all(issubclass(each, model) for each in classes):
        raise ValueError(f"{model.__name__}.objects.bulk_create() can't create events of the class {names}.")
    return classes.pop()


def _prepare(events: Sequence[Any], kind: type[Any], using: str) -> None:
    # Django's own checks, such as for a related object that isn't saved.
    QuerySet(kind, using=using)._prepare_for_bulk_create(events)  # type: ignore[attr-defined]
    for event in events:
        event._mark()
        event.edited_at = event.changed_at = None  # also of an event that was deleted, and is created again
        streams.validate(event.audience)
    join_threads(events, using)


def tables(model: type[Any]) -> list[type[Any]]:
    """The models whose tables hold an event of this class: the root first, parents before their children."""
    above = [table for parent in model._meta.parents for table in tables(parent)]
    return list(dict.fromkeys([*above, model]))


def insert_rows(
    table: type[Any], events: Sequence[Any], using: str, batch_size: int | None = None, *, raw: bool = False
) -> None:
    """Insert the rows of one table.

    raw: insert all values as they are, without the present time where a field would have it.
    """
    meta = table._meta
    for event in events:
        for parent, link in meta.parents.items():
            setattr(event, link.attname, getattr(event, parent._meta.pk.attname))
    fields = [field for field in meta.local_concrete_fields if not field.generated]
    keyless = [field for field in fields if field is not meta.auto_field]
    _insert_batches(table, [event for event in events if event._is_pk_set(meta)], fields, using, batch_size, raw)
    _insert_batches(table, [event for event in events if not event._is_pk_set(meta)], keyless, using, batch_size, raw)


def _insert_batches(
    table: type[Any], events: Sequence[Any], fields: Sequence[Any], using: str, batch_size: int | None, raw: bool
) -> None:
    returned = table._meta.db_returning_fields
    rows_of: Any = QuerySet(table, using=using)
    for part in batches(events, _size(events, fields, using, batch_size)):
        rows = rows_of._insert(part, fields=fields, returning_fields=returned, using=using, raw=raw)
        for event, row in zip(part, rows, strict=False):  # no rows if there is nothing to return
            for value, field in zip(row, returned, strict=False):
                setattr(event, field.attname, value)


def _size(events: Sequence[Any], fields: Sequence[Any], using: str, batch_size: int | None) -> int:
    """Rows that fit into one statement."""
    connection = connections[using]
    if not connection.features.can_return_rows_from_bulk_insert:
        return 1
    largest = max(connection.ops.bulk_batch_size(fields, events), 1)
    return min(batch_size or largest, largest)


def _finish(events: Sequence[Any], using: str) -> None:
    for event in events:
        event._state.adding, event._state.db = False, using
    # The names of the streams contain those of the users.
    prefetch_related_objects(events, root_model()._meta.get_field("user").name)
