"""The event: something that happened."""

from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.db import NotSupportedError, models, router, transaction
from django.db.models.base import ModelBase
from django.urls import reverse
from django.utils import timezone

from feed import receivers, streams
from feed.kinds.kind import Kind, is_whole
from feed.kinds.loading import in_own_kinds
from feed.kinds.naming import guarded
from feed.log.tables import PUBLIC
from feed.people import shown_name
from feed.querysets import EventManager, RowManager, lock, own_kinds
from feed.threads import join_threads, settle_audiences


class Event(Kind, models.Model):
    """Something that happened. A subclass with its own fields is a new kind of event, and needs nothing else."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="feed_events",
        null=True,
        blank=True,
        db_index=False,
    )
    """Who did it. Empty if nobody did, such as the system itself."""
    # The database has a default, too, of which Django knows nothing: it would read the column back after each insert.
    audience = models.CharField(max_length=200, default=PUBLIC)
    """Who may see it: `public`, or the name of an audience; see `feed.streams`."""
    kind = models.CharField(max_length=100, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    """When it was last edited, as people see it. An update can leave it empty: `update(…, edited_at=None)`."""
    changed_at = models.DateTimeField(null=True, editable=False)
    """When any of its fields was last changed, even if `edited_at` was not. Part of the key of a cached row."""

    objects = EventManager()
    rows = RowManager()

    context: Any = None
    """What its row shows beside the event itself; see `feed.frames.context`."""
    place_before: receivers.Place | None = None
    """While it is saved or deleted: where it was before."""

    class Meta:
        # So that changes through a relation (`bob.feed_events.add(event)`, SET_NULL) are recorded, too.
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["kind", "id"], name="feed_event_kind"),
            models.Index(fields=["user", "id"], name="feed_event_user"),
            # Without the public ones, which are read by their keys: where all is public, an audience costs nothing.
            models.Index(fields=["audience", "id"], condition=~models.Q(audience=PUBLIC), name="feed_event_audience"),
        ]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        receivers.connect(cls)
        cls.__str__ = guarded(cls.__str__)  # type: ignore[method-assign]

    @guarded
    def __str__(self) -> str:
        if type(self) is Event:  # or a row whose kind can't be loaded
            return f"{self.author_name}: {self.kind.replace('_', ' ')}"
        shown = (f"{field.verbose_name} {field.value_to_string(self)}" for field in self.own_fields())
        return ", ".join([f"{self.author_name}: {self._meta.verbose_name}", *shown])

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
        # Without an open transaction, Django commits a save to several tables before it sends post_save.
        with transaction.atomic(using=using):
            if fields is None:
                self._before_saving(using, {"thread", "audience"})
            elif fields:  # with none Django saves nothing
                fields |= self._before_saving(using, fields)
            super().save(force_insert=force_insert, force_update=force_update, using=using, update_fields=fields)
            if self.place_before and self.place_before.audience != self.audience:
                settle_audiences([self.id], using)
            self.place_before = None

    def get_absolute_url(self) -> str:
        return reverse("feed:event", args=[self.id])

    def clean(self) -> None:
        """Raises ValidationError if the user may not post to the audience. A comment has that of its thread."""
        super().clean()
        if self.audience != PUBLIC and self.in_thread is None:
            streams.validate_for(self.user, self.audience)

    def _before_saving(self, using: str, saved: Collection[str]) -> set[str]:
        """Get ready to be saved with the fields `saved`. Returns the names of the fields that were set."""
        names = self._mark()
        if not {"thread", "thread_id", "audience"}.isdisjoint(saved) and self.thread_field():
            names |= join_threads([self], using)
        if "audience" in saved and self.audience != PUBLIC:
            streams.validate(self.audience)
        # Always set: an earlier save may have failed.
        self.place_before = None if self.pk is None else self._place_in_database(using)
        return names

    def _place_in_database(self, using: str) -> receivers.Place | None:
        """Where the event is before it is changed. Locks it, so that this stays true."""
        found = list(own_kinds(lock([self.id], using), using))
        return receivers.place(found[0]) if found else None

    def _mark(self) -> set[str]:
        """Set `kind` and the times. Returns the names of the fields that were set."""
        self.changed_at = self.edited_at = None if self._state.adding else timezone.now()
        is_deferred = "kind" not in vars(self)
        if is_deferred or self.kind == self.kind_name() or self._is_row_of_parent():
            return {"edited_at", "changed_at"}
        self.kind = self.kind_name()
        return {"edited_at", "changed_at", "kind"}

    def _is_row_of_parent(self) -> bool:
        """Whether the event is of a kind derived from this class. A root row of an unknown kind counts as one: its kind
        may belong to another release."""
        if not self.kind:
            return False
        kind = self.kinds().get(self.kind)
        return issubclass(kind, type(self)) if kind else type(self) is Event

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Delete as Django does. If several callers delete the same event, exactly one records it."""
        if keep_parents:
            raise NotSupportedError("keep_parents would leave an event without the row of its kind.")
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            if self.id is not None:
                self.place_before = self._place_in_database(using)
                if self.place_before is None:
                    return 0, {}
            return super().delete(using=using)

    delete.alters_data = True  # type: ignore[attr-defined]

    def in_own_kind(self) -> "Event":
        """The event as an instance of its own kind, or this instance if that can't be loaded."""
        return self if is_whole(self) else in_own_kinds([self], using=self._state.db)[0]

    @property
    def author_name(self) -> str:
        """The public name of the event's user, or "System" if it has none. For texts; programs get `user`."""
        return shown_name(self.user)

    @property
    def words(self) -> str:
        """What it says, without its author, for a quote."""
        return str(getattr(self, "text", None) or str(self).removeprefix(self.author_name).lstrip(": "))

    def concerned_users(self) -> list[Any]:
        """Other users whom it concerns: not those that it mentions, nor the authors of what it answers."""
        return []

    @property
    def fold(self) -> str:
        """The name of what feeds show as one row, "" for none: of the events with the same name, only the newest."""
        kind = self.kinds().get(self.kind)
        return f"{self.kind}:{self.created_at:%Y-%m-%d}" if kind and kind.folds_daily else ""

    @property
    def in_thread(self) -> int | None:
        """The id of the event that this one is about, or None if its kind has no `thread`."""
        field = self.thread_field()
        return getattr(self, field.attname) if field else None

    @property
    def in_threads(self) -> set[int]:
        """The ids of the other events whose threads hold this one."""
        return {getattr(self, name) for name in self.thread_columns()} - {None}

    def streams(self) -> list[str]:
        """The names of the streams that hold this event."""
        return streams.of(self)
