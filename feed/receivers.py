"""What happens when an event of any kind is saved or deleted: the change is recorded, and the doorbell rings."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.db.models.signals import post_save, pre_delete
from django.utils import timezone

from feed import log, messages

if TYPE_CHECKING:
    from feed.models import Event


def connect(kind: "type[Event]") -> None:
    """Connect a kind when its class is made; nothing here may touch `_meta`, which is still its parent's."""
    post_save.connect(send_activity_notification, sender=kind)
    pre_delete.connect(send_deletion_notification, sender=kind)


def send_activity_notification(
    sender: "type[Event]",
    instance: "Event",
    raw: bool,
    *,
    created: bool = False,
    using: str | None = None,
    **kwargs: Any,
) -> None:
    if raw:
        return
    if created is (instance.edited_at is not None):
        _correct_edited_at(instance, created, using)
    notify("created" if created else "updated", [instance.in_own_kind()], using)


def _correct_edited_at(event: "Event", created: bool, using: str | None) -> None:
    """An insert is never edited, an update always is. Which of them a save would be was not known before, if the event
    was given the key of a row that was there, or if its row was gone."""
    event.edited_at = None if created else timezone.now()
    rows: QuerySet[Event] = QuerySet(event.root_model(), using=using)
    rows.filter(id=event.id).update(edited_at=event.edited_at)


def send_deletion_notification(
    sender: "type[Event]", instance: "Event", *, using: str | None = None, **kwargs: Any
) -> None:
    """Record a deletion while its user can still be asked for.

    Django sends the signal for the kind and again for each of its parents; only the kind's own counts. The root's
    counts if there is none of the kind: its class is gone or was renamed, or its part was never saved.
    """
    if instance.kind == sender.kind_name() or (sender is instance.root_model() and not _has_own_part(instance, using)):
        notify("deleted", [instance], using)


def _has_own_part(root: "Event", using: str | None) -> bool:
    """Whether the event has a row of the kind that it says it is of, which Django deletes with a signal of its own."""
    kind = root.kinds().get(root.kind)
    if kind is None:
        return False
    # Django has deleted by the kind's own instance, and made the root's from it.
    if any(isinstance(each, kind) for each in root._state.fields_cache.values()):
        return True
    return QuerySet(kind, using=using).filter(id=root.id).exists()


def notify(action: str, events: "Iterable[Event]", using: str | None) -> None:
    """Record one change for each event, in their transaction, and ring once when it commits."""
    changed = list(events)
    log.record(action, changed, using)
    for event in changed[:1]:
        messages.ring_on_commit(event, using)
