"""Queries of events. Updates and deletions of many events record a change for each of them."""

from collections.abc import Collection, Iterable, Iterator
from copy import copy
from itertools import chain
from typing import Any, Self

from django.db import NotSupportedError, models, transaction
from django.db.models.manager import ManagerDescriptor
from django.db.models.query import ModelIterable
from django.utils import timezone

from feed import receivers, streams
from feed.batches import batches
from feed.inserting import insert
from feed.kinds.kind import root_model
from feed.kinds.loading import in_own_kinds_as_found
from feed.kinds.related import related_names
from feed.people import loaded_with_events
from feed.threads import rejoin_threads, settle_audiences, threads_of

NEEDED = {"kind", "audience"}
"""Columns that tell how to load an event in its own kind."""


class OwnKindIterable(ModelIterable):  # type: ignore[type-arg]
    """Yields the rows of a queryset as instances of their own kinds."""

    def __iter__(self) -> Iterator[Any]:
        self.queryset = _with_kind(self.queryset)
        query = self.queryset.query
        copied = [*query.annotation_select, *query.extra_select]
        for rows in batches(super().__iter__()):
            yield from in_own_kinds_as_found(rows, copied, self.queryset.db)


def _with_kind(events: Any) -> Any:
    """The queryset with these columns, whatever `only()` and `defer()` say. Otherwise each row would query them."""
    names, deferred = events.query.deferred_loading
    loaded = names - NEEDED if deferred else names | NEEDED
    if loaded == names:
        return events
    events = events._chain()
    events.query.deferred_loading = loaded, deferred
    return events


class EventQuerySet(models.QuerySet[Any]):
    def in_own_kinds(self) -> Self:
        """Return each event as an instance of its own kind: one more query for each kind among them.

        An event that its kind can't load is returned as a row of this model. `only()` and `defer()` apply to the rows
        of this model.
        """
        events = self._chain()  # type: ignore[attr-defined]
        events._iterable_class = OwnKindIterable
        return events  # type: ignore[no-any-return]

    def newest(self) -> Self:
        return self.order_by("-pk")

    def before(self, event_id: int | None) -> Self:
        return self if event_id is None else self.filter(pk__lt=event_id)

    def visible_to(self, user: object) -> Self:
        """The events that the user may see; for nobody, those that are public."""
        return self.filter(audience__in=streams.audiences_of(user))

    def with_users(self) -> Self:
        """The events with their users, and with what their kind's `select_related` names."""
        return self.select_related(*loaded_with_events(), *related_names(self.model))

    def with_links(self) -> Self:
        """Events of any kind, and of comments their thread and what they answer."""
        return self.annotate(
            linked_thread=models.F("comment__thread_id"), linked_reply=models.F("comment__reply_to_id")
        )

    def with_reactions(self) -> Self:
        """Events of any kind, and of reactions what they are about, and the thread of that."""
        return self.annotate(linked_about=models.F("reaction__about_id"), linked_root=models.F("reaction__thread_id"))

    def update(self, **values: Any) -> int:
        """Update as Django does, set `edited_at`, and record each event that is changed."""
        if not values or self.query.is_sliced:  # Django changes nothing, or raises
            return super().update(**values)
        if isinstance(values.get("audience"), str):
            streams.validate(values["audience"])
        is_move = not values.keys().isdisjoint(("audience", "thread", "thread_id"))
        values["changed_at"] = now = timezone.now()
        values.setdefault("edited_at", now)
        self._for_write = True
        with transaction.atomic(using=self.db):
            return sum(self._update_part(part, values, is_move) for part in batches(self._ids()))

    update.alters_data = True  # type: ignore[attr-defined]

    def _update_part(self, part: Collection[int], values: dict[str, Any], is_move: bool) -> int:
        """Update those of these events that still match. Returns how many."""
        lock([*part, *(threads_of(part, values, self.db) if is_move else ())], self.db)
        # Only what still matches now that it is locked. By id, or a row that begins to match meanwhile would be
        # changed without a record.
        keys = self.filter(id__in=part)._ids()
        before = {event.id: receivers.place(event) for event in own_kinds(keys, self.db)}
        super(EventQuerySet, self.filter(id__in=keys)).update(**values)
        if is_move:
            rejoin_threads(keys, self.db)
        after = list(own_kinds(keys, self.db))
        for audience in {event.audience for event in after} if "audience" in values else ():
            streams.validate(audience)  # which may come from an expression
        for event in after:
            event.check_state()
        receivers.notify("updated", after, self.db, before)
        if is_move:
            settle_audiences(keys, self.db)
        return len(keys)

    def _ids(self) -> list[int]:
        """Each id once, in order: a join may repeat a row."""
        return sorted(set(self.order_by().values_list("id", flat=True)))

    def delete(self) -> tuple[int, dict[str, int]]:
        # Rows of one class, because Django takes the class of the first row for all.
        rows = self.all()
        rows._iterable_class = ModelIterable
        rows._for_write = True
        with transaction.atomic(using=rows.db):
            lock(rows._ids(), rows.db)
            return super(EventQuerySet, rows).delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Any]:
        """Insert many events of one kind in a few statements, and record each. Sends no `post_save`, like Django's."""
        if ignore_conflicts or update_conflicts:
            raise NotSupportedError(
                "bulk_create() of events can't ignore or update conflicts: the log must know which events are new."
            )
        self._for_write = True
        return insert(self.model, objs, self.db, batch_size)

    bulk_create.alters_data = True  # type: ignore[attr-defined]


RowManager = models.Manager.from_queryset(EventQuerySet, "RowManager")
"""Events as rows of this model."""


class EventManager(models.Manager.from_queryset(EventQuerySet)):  # type: ignore[misc]
    """Returns instances of their own kinds when used as an attribute: `Event.objects.get(…)`.

    Django itself uses `_default_manager` (for relations, `dumpdata` and forms), which returns rows.
    """

    _gives_own_kinds = False

    def contribute_to_class(self, cls: type[models.Model], name: str) -> None:
        super().contribute_to_class(cls, name)
        setattr(cls, name, OwnKindsDescriptor(self))

    def get_queryset(self) -> EventQuerySet:
        events: EventQuerySet = super().get_queryset()
        return events.in_own_kinds() if self._gives_own_kinds else events


class OwnKindsDescriptor(ManagerDescriptor):
    """Makes the attribute `objects` different from `_default_manager`."""

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        manager: Any = copy(super().__get__(instance, cls))
        manager._gives_own_kinds = True
        return manager


def own_kinds(keys: Iterable[int], using: str) -> EventQuerySet:
    """The events with these ids, in their own kinds, with their users, and in order."""
    events: EventQuerySet = root_model().objects.using(using)
    return events.with_users().filter(id__in=list(keys)).order_by("pk")


def lock(keys: Iterable[int], using: str) -> list[int]:
    """Lock the root rows of these events. Returns the ids that exist.

    Every writer locks in the order of the ids. Otherwise two of them could wait for each other.
    """
    rows: models.QuerySet[Any] = models.QuerySet(root_model(), using=using).order_by("pk").select_for_update()
    parts = (rows.filter(pk__in=part).values_list("pk", flat=True) for part in batches(sorted(keys)))
    return list(chain.from_iterable(parts))
