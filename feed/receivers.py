"""Signal receivers: record the change of an event of any kind, and ring the doorbell when it commits.

They stand below the models, which connect them. So events are typed `Any` here.
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.db.models.signals import post_save, pre_delete
from django.utils import timezone

from feed import log, messages, signals
from feed.kinds.kind import root_model
from feed.kinds.loading import of_kinds
from feed.tracing import tracing


class Place(NamedTuple):
    """Where an event is.

    streams: the names of those that hold it.
    users: the keys of those whose access it decides on.
    """

    audience: str
    streams: list[str]
    users: tuple[object, ...] = ()


def connect(kind: type) -> None:
    """Connect a kind. Called while its class is being made, when `_meta` is still its parent's."""
    post_save.connect(send_activity_notification, sender=kind)
    pre_delete.connect(send_deletion_notification, sender=kind)


def send_activity_notification(
    sender: type,
    instance: Any,
    raw: bool,
    *,
    created: bool = False,
    using: str | None = None,
    update_fields: Collection[str] | None = None,
    **kwargs: Any,
) -> None:
    """Record a save. Fixtures (`raw`) bring no changes: they are loaded as they are."""
    if raw:
        return
    is_edited = instance.edited_at is not None
    if created == is_edited:
        _correct_edited_at(instance, created, using)
    before = None if created else instance.place_before
    # The fields that weren't saved may be older than those in the database, and these say where the event is.
    saved = None if update_fields is None else of_kinds([(instance.kind, instance.id)], using).get(instance.id)
    notify("created" if created else "updated", [saved or instance.in_own_kind()], using, {instance.id: before})


def _correct_edited_at(event: Any, created: bool, using: str | None) -> None:
    """Set `edited_at` after an update, and clear it after an insert. `save()` set it before it knew which of the two it
    does, and guesses wrong if the event was given the key of an existing row, or if its row is gone."""
    event.edited_at = event.changed_at = None if created else timezone.now()
    rows: QuerySet[Any] = QuerySet(root_model(), using=using).filter(id=event.id)
    rows.update(edited_at=event.edited_at, changed_at=event.changed_at)


def send_deletion_notification(sender: Any, instance: Any, *, using: str | None = None, **kwargs: Any) -> None:
    """Record a deletion, while the event's user can still be loaded.

    Django sends the signal for the kind and for each of its parents. Only the kind's own signal counts. If the event
    has no row of its kind (the class was removed or renamed), the root's signal counts.
    """
    is_root = sender is root_model()
    counts = instance.kind == sender.kind_name() or (is_root and not _has_row_of_kind(instance, using))
    if counts and (before := instance.place_before or _locked_place(instance, using)):
        notify("deleted", [instance], using, {instance.id: before})


def _locked_place(event: Any, using: str | None) -> Place | None:
    """Where an event is that is deleted with another object. Since Django loaded it, it may have been moved; or
    deleted, and that is recorded already."""
    rows: QuerySet[Any] = QuerySet(root_model(), using=using).filter(id=event.id).select_for_update()
    for changed_at in rows.values_list("changed_at", flat=True):
        is_current = changed_at == event.changed_at
        return place(event if is_current else of_kinds([(event.kind, event.id)], using).get(event.id, event))
    return None


def _has_row_of_kind(root: Any, using: str | None) -> bool:
    """Whether the event has a row of its kind, for which Django sends a signal as well."""
    kind = root.kinds().get(root.kind)
    if kind is None:
        return False
    # That row may be deleted already. Then Django has made `root` from the kind's instance, and keeps it in its cache.
    if any(isinstance(each, kind) for each in root._state.fields_cache.values()):
        return True
    return QuerySet(kind, using=using).filter(id=root.id).exists()


def place(event: Any) -> Place:
    return Place(event.audience, event.streams(), tuple(event.decides_access_of()))


def notify(
    action: str, events: Iterable[Any], using: str | None, before: Mapping[int, Place | None] = MappingProxyType({})
) -> None:
    """Record a change of each event in the open transaction, and ring once when it commits.

    before: where events were before the change, by id.
    """
    changed = list(events)
    with tracing.recording(action, len(changed)):
        _record(action, changed, using, before)


def _record(action: str, changed: list[Any], using: str | None, before: Mapping[int, Place | None]) -> None:
    recorded = [_recorded(action, event, before.get(event.id)) for event in changed]
    log.record(action, recorded, using)
    signals.recorded.send(sender=root_model(), action=action, recorded=recorded, using=using)
    decided = [event.decides_access_of() for event in changed]
    # Until now it may have decided on the access of others.
    lost = [was.users for event in changed if (was := before.get(event.id))]
    if users := {_as_text(key) for keys in (*decided, *lost) for key in keys}:
        log.record_access(sorted(users), using)
    if changed:
        first = changed[0]
        # The doorbell is no place for a secret. An instance that is deleted may not know that it has become one.
        summary = _snapshot(first).__str__ if recorded[0].audience == first.audience == log.PUBLIC else str
        messages.ring_on_commit(first.id, summary, using)


def _recorded(action: str, event: Any, before: Place | None) -> log.Recorded:
    # What is deleted may have been loaded before it was moved.
    was = before and (before.audience, before.streams)
    audience, streams = now = was if was and action == "deleted" else (event.audience, event.streams())
    return log.Recorded(event.id, event.kind, streams, audience, None if was == now else was)


def _as_text(key: object) -> str:
    """A user's key as in their sessions."""
    model: Any = get_user_model()
    return str(model._meta.pk.value_to_string(model(pk=key)))


def _snapshot(event: Any) -> Any:
    """A copy of the event as it is now, because Django removes the key of a deleted one. (`copy.copy` would pickle.)"""
    copied = object.__new__(type(event))
    copied.__dict__ = vars(event).copy()
    return copied
