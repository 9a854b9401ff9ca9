"""Queries of events: loading, changing and deleting many at once, with a change in the log for each."""

from collections.abc import Iterable, Iterator
from copy import copy
from itertools import chain
from typing import Any, NoReturn, Self

from django.apps import apps
from django.db import NotSupportedError, models, transaction
from django.db.models.manager import ManagerDescriptor
from django.db.models.query import ModelIterable
from django.utils import timezone

from feed import receivers
from feed.batches import batches
from feed.kinds.loading import in_own_kinds


class OwnKindIterable(ModelIterable):  # type: ignore[type-arg]
    """Yields the rows of a queryset as instances of their own kinds."""

    def __iter__(self) -> Iterator[Any]:
        self.queryset = _with_kind(self.queryset)
        query = self.queryset.query
        copied = [*query.annotation_select, *query.extra_select]
        for rows in batches(super().__iter__()):
            yield from in_own_kinds(rows, copied, self.queryset.db)


def _with_kind(events: Any) -> Any:
    """The queryset with the column `kind`, whatever `only()` and `defer()` say: or each row would ask for its own."""
    names, deferred = events.query.deferred_loading
    if ("kind" in names) is not deferred:
        return events
    events = events._chain()
    events.query.deferred_loading = (names - {"kind"} if deferred else names | {"kind"}), deferred
    return events


class EventQuerySet(models.QuerySet[Any]):
    def in_own_kinds(self) -> Self:
        """Each event as an instance of its own kind: one query more for each kind that is among them.

        An event that its kind can't load comes as the row of the model that was asked. `only()` and `defer()` hold for
        that model's rows.
        """
        events = self._chain()  # type: ignore[attr-defined]
        events._iterable_class = OwnKindIterable
        return events  # type: ignore[no-any-return]

    def newest(self) -> Self:
        return self.order_by("-pk")

    def before(self, event_id: int | None) -> Self:
        return self if event_id is None else self.filter(pk__lt=event_id)

    def visible_to(self, user: object) -> Self:
        """What `user` may see: all of it, as every event is public. Pages and API ask; the websocket doesn't yet."""
        return self

    def with_users(self) -> Self:
        return self.select_related("user")

    def update(self, **values: Any) -> int:
        """Update as Django does, set `edited_at`, and record each event that is changed."""
        if not values or self.query.is_sliced:  # changes nothing, or is an error
            return super().update(**values)
        values["changed_at"] = now = timezone.now()
        values.setdefault("edited_at", now)
        self._for_write = True
        changed = 0
        with transaction.atomic(using=self.db):
            for part in batches(self._ids()):
                lock(part, self.db)
                # What still matches, now that nobody else can change it; and by id, or a row that comes to match
                # in between would be changed and not recorded.
                keys = self.filter(id__in=part)._ids()
                super(EventQuerySet, self.filter(id__in=keys)).update(**values)
                receivers.notify("updated", own_kinds(keys, self.db), self.db)
                changed += len(keys)
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def _ids(self) -> list[int]:
        """Each once, in order: a join may bring a row several times."""
        return sorted(set(self.order_by().values_list("id", flat=True)))

    def delete(self) -> tuple[int, dict[str, int]]:
        # Django collects what it deletes by class, and takes the first row's for all: so rows of one class.
        rows = self.all()
        rows._iterable_class = ModelIterable
        rows._for_write = True
        with transaction.atomic(using=rows.db):
            lock(rows._ids(), rows.db)
            return super(EventQuerySet, rows).delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused, as it would save events that no signal tells of."""
        raise NotSupportedError("Save events one by one: the log needs a change for each.")


RowManager = models.Manager.from_queryset(EventQuerySet, "RowManager")
"""Events as rows of the model that is asked."""


class EventManager(models.Manager.from_queryset(EventQuerySet)):  # type: ignore[misc]
    """Events as instances of their own kinds for the code that asks, `Event.objects.get(…)`.

    What Django asks for by itself it asks of the default manager, and gets rows: relations, `dumpdata`, forms.
    """

    _gives_own_kinds = False

    def contribute_to_class(self, cls: type[models.Model], name: str) -> None:
        super().contribute_to_class(cls, name)
        setattr(cls, name, OwnKindsDescriptor(self))

    def get_queryset(self) -> EventQuerySet:
        events: EventQuerySet = super().get_queryset()
        return events.in_own_kinds() if self._gives_own_kinds else events


class OwnKindsDescriptor(ManagerDescriptor):
    """The manager as an attribute of the class, which is not the same as `_default_manager`."""

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        manager: Any = copy(super().__get__(instance, cls))
        manager._gives_own_kinds = True
        return manager


def own_kinds(keys: Iterable[int], using: str) -> EventQuerySet:
    """The events with these keys in their own kinds, with their users."""
    events: EventQuerySet = root_model().objects.using(using)
    return events.with_users().filter(id__in=list(keys))


def lock(keys: Iterable[int], using: str) -> list[int]:
    """Lock the events with these keys, by their root rows and in the order of their keys, as every writer does:
    or two of them could wait for each other. Returns the keys that are there."""
    rows: models.QuerySet[Any] = models.QuerySet(root_model(), using=using).order_by("pk").select_for_update()
    parts = (rows.filter(pk__in=part).values_list("pk", flat=True) for part in batches(sorted(keys)))
    return list(chain.from_iterable(parts))


def root_model() -> type[Any]:
    model: type[Any] = apps.get_model("feed", "Event")
    return model
