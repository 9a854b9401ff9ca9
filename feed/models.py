"""Events, their kinds, and the tables of the log."""

import re
import secrets
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, islice
from typing import Any, NoReturn, Self, TypeVar

from django.apps import apps
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import NotSupportedError, models, router, transaction
from django.db.models.base import ModelBase
from django.db.models.functions import Now
from django.db.models.query import ModelIterable
from django.urls import reverse
from django.utils import timezone
from model_utils.managers import InheritanceQuerySet

from feed import receivers

TEXT_LENGTH = 2000

T = TypeVar("T")


class EventQuerySet(InheritanceQuerySet["Event"]):
    """Events as instances of their own kind, without a query per row."""

    def newest(self) -> Self:
        return self.order_by("-pk")

    def before(self, event_id: int | None) -> Self:
        return self if event_id is None else self.filter(pk__lt=event_id)

    def visible_to(self, user: object) -> Self:
        """What `user` may see: all of it, as every event is public. Pages and API ask; the websocket doesn't yet."""
        return self

    def with_users(self) -> Self:
        # Not select_related: the instances of the kinds don't share the cache of the root's.
        return self.prefetch_related("user")

    def update(self, **values: Any) -> int:
        """Update as Django does, set `edited_at`, and record each event that is changed."""
        values.setdefault("edited_at", timezone.now())
        self._for_write = True
        changed = 0
        with transaction.atomic(using=self.db):
            for part in batches(list(self.order_by("pk").values_list("pk", flat=True))):
                lock(part, self.db)
                # What still matches, now that nobody else can change it; and by key, or a row that comes to match
                # in between would be changed and not recorded.
                keys = list(self.filter(pk__in=part).values_list("pk", flat=True))
                models.QuerySet(self.model, using=self.db).filter(pk__in=keys).update(**values)
                receivers.notify("updated", Event.objects.using(self.db).with_users().filter(pk__in=keys), self.db)
                changed += len(keys)
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        # Django collects what it deletes by class, and takes the first row's for all: so rows of one class.
        rows = self.all()
        rows._iterable_class = ModelIterable
        rows._for_write = True
        with transaction.atomic(using=rows.db):
            lock(self.order_by().values_list("pk", flat=True), rows.db)
            return super(EventQuerySet, rows).delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused, as it would save events that no signal tells of."""
        raise NotSupportedError("Save events one by one: the log needs a change for each.")


RowManager = models.Manager.from_queryset(EventQuerySet, "RowManager")
"""Events as rows of the class that is asked: what Django itself uses to change them by relation."""


class EventManager(models.Manager.from_queryset(EventQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> EventQuerySet:
        events: EventQuerySet = super().get_queryset().select_subclasses()
        return events


def batches(keys: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """`keys` in parts that fit into one statement on every database."""
    rest = iter(keys)
    while part := list(islice(rest, size)):
        yield part


def lock(keys: Iterable[int], using: str) -> list[int]:
    """Lock the events with these keys, by their root rows and in the order of their keys, as every writer does:
    or two of them could wait for each other. Returns the keys that are there."""
    roots: models.QuerySet[Event] = models.QuerySet(Event, using=using).order_by("pk").select_for_update()
    parts = (roots.filter(pk__in=part).values_list("pk", flat=True) for part in batches(sorted(keys)))
    return list(chain.from_iterable(parts))


class Event(models.Model):
    """Something a user did. A subclass with its own fields is a new kind of event, and needs no more."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=100, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)

    objects = EventManager()
    rows = RowManager()

    class Meta:
        # So that what Django changes by a relation (`bob.events.add(event)`, SET_NULL) is recorded, too.
        base_manager_name = "rows"
        indexes = [models.Index(fields=["kind", "id"], name="feed_event_kind")]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        receivers.connect(cls)

    def __str__(self) -> str:
        shown = (f"{field.verbose_name} {field.value_to_string(self)}" for field in self.own_fields())
        return ", ".join([f"{self.user}: {self._meta.verbose_name}", *shown])

    def save(
        self,
        *,
        force_insert: bool | tuple[ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        using = using or router.db_for_write(type(self), instance=self)
        if update_fields is not None and (update_fields := set(update_fields)):
            update_fields |= {"edited_at"}
        # A save over several tables commits before post_save, unless a transaction is already open.
        with transaction.atomic(using=using):
            super().save(force_insert=force_insert, force_update=force_update, using=using, update_fields=update_fields)

    def get_absolute_url(self) -> str:
        return reverse("feed:event", args=[self.pk])

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Delete as Django does; of several who do so at once only one finds it there, and records it."""
        if keep_parents:
            raise NotSupportedError("An event can't be without its kind's part.")
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            if self.pk is not None and not lock([self.pk], using):
                return 0, {}
            return super().delete(using=using)

    delete.alters_data = True  # type: ignore[attr-defined]

    def in_own_kind(self) -> "Event":
        """Itself, or what a row that was loaded as a parent of its kind really is."""
        return self if self.kind == self.kind_name() else Event.objects.get(pk=self.pk)

    def streams(self) -> list[str]:
        """The names of the streams that this event is part of."""
        threads = {self.pk, getattr(self, "thread_id", None)} - {None}
        return ["public", f"user:{self.user.get_username()}", f"kind:{self.kind}", *(f"thread:{pk}" for pk in threads)]

    @classmethod
    @cache
    def kind_name(cls) -> str:
        """The model's name in lower snake case; a proxy shares its concrete model's."""
        name = cls._meta.concrete_model.__name__  # type: ignore[union-attr]
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()

    @classmethod
    def kinds(cls) -> dict[str, type["Event"]]:
        """Every concrete kind by its name, the bare `Event` included."""
        return {
            model.kind_name(): model
            for model in apps.get_models()
            if issubclass(model, Event) and not model._meta.proxy
        }

    @classmethod
    def own_fields(cls) -> list["models.Field[Any, Any]"]:
        """The fields that a kind adds to `Event`, those of the kinds between them included."""
        common = set(Event._meta.concrete_fields)
        links = set(cls._meta.parents.values())
        return [
            field
            for field in cls._meta.concrete_fields
            if field not in common and field not in links and not getattr(field.remote_field, "parent_link", False)
        ]


class StatusChange(Event):
    """What somebody has to say."""

    text = models.TextField(validators=[MaxLengthValidator(TEXT_LENGTH)])

    def __str__(self) -> str:
        return f"{self.user}: {self.text}"


class Comment(Event):
    """What somebody has to say about an event."""

    text = models.TextField(validators=[MaxLengthValidator(TEXT_LENGTH)])
    thread = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="comments")

    DEEPEST = 50
    """Comments on comments on comments: Django deletes each level by a call inside the one before it."""

    def __str__(self) -> str:
        return f"{self.user} on #{self.thread_id}: {self.text}"


def depth(event: Event) -> int:
    """How many events there are above this one, each about the next: 0 if it is about none. A query for each."""
    above = 0
    pk = getattr(event, "thread_id", None)
    while pk is not None:
        above += 1
        pk = Comment.objects.filter(pk=pk).values_list("thread", flat=True).first()
    return above


class Change(models.Model):
    """One entry of the log. Its position is given after its transaction has committed; see `feed.log`."""

    class Action(models.TextChoices):
        CREATED = "created"
        UPDATED = "updated"
        DELETED = "deleted"

    # Its index also leads to those that have none yet.
    position = models.BigIntegerField(null=True, unique=True)
    action = models.CharField(max_length=7, choices=Action)
    event_id = models.BigIntegerField()
    kind = models.CharField(max_length=100)
    streams = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.position or 'waiting'}: event {self.event_id} {self.action}"

    @property
    def at_position(self) -> int:
        """The position of a change that has been given one."""
        assert self.position is not None
        return self.position


def log_name() -> str:
    return secrets.token_hex(4)


class Log(models.Model):
    """The one row that says how far the log goes. Who gives positions locks it; who writes events never does."""

    name = models.CharField(max_length=20, default=log_name)
    head = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name}: {self.floor} to {self.head}"
