"""Events, their kinds, and the tables of the log."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import NotSupportedError, models, router, transaction
from django.db.models.base import ModelBase
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from feed import receivers
from feed.kinds.loading import in_own_kinds
from feed.kinds.naming import guarded, snake_case
from feed.log.tables import Change, Log  # noqa: F401 (Django looks for models here)
from feed.querysets import EventManager, RowManager, lock

TEXT_LENGTH = 2000
KEY_LENGTH = 100


class Event(models.Model):
    """Something a user did. A subclass with its own fields is a new kind of event, and needs no more."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=100, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    """When it was last edited, as people are told; code may say otherwise: `update(…, edited_at=None)`."""
    changed_at = models.DateTimeField(null=True, editable=False)
    """When any of its fields was last written, whatever people are told: by this a kept row of it is known. Without a
    default in the database, as Django would read that back after each insert."""

    objects = EventManager()
    rows = RowManager()

    class Meta:
        # So that what Django changes by a relation (`bob.events.add(event)`, SET_NULL) is recorded, too.
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["kind", "id"], name="feed_event_kind"),
            models.Index(fields=["user", "id"], name="feed_event_user"),
        ]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        receivers.connect(cls)
        cls.__str__ = guarded(cls.__str__)  # type: ignore[method-assign]

    @guarded
    def __str__(self) -> str:
        if type(self) is Event:  # also the row of a kind that can't be loaded
            return f"{self.user}: {self.kind.replace('_', ' ')}"
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
        fields = None if update_fields is None else set(update_fields)
        if fields is None or fields:
            marked = self._mark()
            fields = fields and fields | marked
        # A save over several tables commits before post_save, unless a transaction is already open.
        with transaction.atomic(using=using):
            super().save(force_insert=force_insert, force_update=force_update, using=using, update_fields=fields)

    def get_absolute_url(self) -> str:
        return reverse("feed:event", args=[self.id])

    def _mark(self) -> set[str]:
        """Set `kind` and the times, and return the names of those that were set."""
        self.changed_at = timezone.now()
        self.edited_at = None if self._state.adding else self.changed_at
        if "kind" not in vars(self) or self.kind == self.kind_name() or self._is_deeper():
            return {"edited_at", "changed_at"}
        self.kind = self.kind_name()
        return {"edited_at", "changed_at", "kind"}

    def _is_deeper(self) -> bool:
        """Whether this is only the row of a parent of the event's kind. Of a bare `Event` it always may be: another
        release may know its kind."""
        if not self.kind:
            return False
        kind = self.kinds().get(self.kind)
        return issubclass(kind, type(self)) if kind else type(self) is Event

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Delete as Django does. If several callers delete the same event, exactly one finds and records it."""
        if keep_parents:
            raise NotSupportedError("An event can't be without its kind's part.")
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            if self.id is not None and not lock([self.id], using):
                return 0, {}
            return super().delete(using=using)

    delete.alters_data = True  # type: ignore[attr-defined]

    def in_own_kind(self) -> "Event":
        """Itself, or the instance of its kind if this is the row of a parent. Itself, too, if that can't be loaded."""
        return self if self.kind == self.kind_name() else in_own_kinds([self], using=self._state.db)[0]

    @property
    def in_thread(self) -> int | None:
        """The id of the event that this one is about, if its kind has a `thread`."""
        field = self.thread_field()
        return getattr(self, field.attname) if field else None

    def streams(self) -> list[str]:
        """The names of the streams that this event is part of."""
        threads = {self.id, self.in_thread} - {None}
        return ["public", f"user:{self.user.get_username()}", f"kind:{self.kind}", *(f"thread:{pk}" for pk in threads)]

    @classmethod
    @cache
    def kind_name(cls) -> str:
        """The model's name in lower snake case; a proxy shares its concrete model's."""
        return snake_case(cls.concrete_model().__name__)

    @classmethod
    def concrete_model(cls) -> type["Event"]:
        """The model itself, or that of which it is a proxy."""
        return cls._meta.concrete_model  # type: ignore[return-value]

    @classmethod
    def kinds(cls) -> dict[str, type["Event"]]:
        """Every concrete kind by its name, the bare `Event` included."""
        return {
            model.kind_name(): model
            for model in apps.get_models()
            if issubclass(model, Event) and not model._meta.proxy
        }

    @classmethod
    def root_model(cls) -> type["Event"]:
        return Event

    @classmethod
    @cache
    def own_fields(cls) -> list["models.Field[Any, Any]"]:
        """The fields that a kind adds to `Event`, those of the kinds between them included."""
        common = set(Event._meta.concrete_fields)
        links = set(cls._meta.parents.values())
        return [
            field
            for field in cls._meta.concrete_fields
            if field not in common and field not in links and not getattr(field.remote_field, "parent_link", False)
        ]

    @classmethod
    @cache
    def thread_field(cls) -> "models.ForeignKey[Any, Any] | None":
        """The field `thread` of the kind, if it is a key to an event: no other makes a thread."""
        for field in cls.own_fields():
            if field.name == "thread" and isinstance(field, models.ForeignKey):
                target = field.remote_field.model
                return field if isinstance(target, type) and issubclass(target, Event) else None
        return None


class StatusChange(Event):
    """What somebody has to say."""

    text = models.TextField(validators=[MaxLengthValidator(TEXT_LENGTH)])

    def __str__(self) -> str:
        return f"{self.user}: {self.text}"


class Comment(Event):
    """What somebody has to say about an event."""

    text = models.TextField(validators=[MaxLengthValidator(TEXT_LENGTH)])
    thread = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="comments", db_index=False)

    DEEPEST = 50
    """Comments on comments on comments: Django deletes each level by a call inside the one before it."""

    class Meta:
        indexes = [models.Index(fields=["thread", "event_ptr"], name="feed_comment_thread")]

    def __str__(self) -> str:
        return f"{self.user} on #{self.thread_id}: {self.text}"


def depth(event: Event) -> int:
    """How many events there are above this one, each about the next: 0 if it is about none. A query for each."""
    above = 0
    pk = event.in_thread
    while pk is not None:
        above += 1
        pk = Comment.objects.filter(pk=pk).values_list("thread", flat=True).first()
    return above


class Posted(models.Model):
    """A key that a user has posted with; see `feed.idempotency`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=KEY_LENGTH)
    digest = models.CharField(max_length=64)
    # No foreign key: a repeated request must not bring back an event that has been deleted.
    event_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "posted"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="feed_posted_once")]
        indexes = [models.Index(fields=["user", "id"], name="feed_posted_newest")]

    def __str__(self) -> str:
        return f"{self.key}: event {self.event_id}"
