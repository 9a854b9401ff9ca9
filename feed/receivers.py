"""What happens when an event of any kind is saved or deleted: the change is recorded, and the doorbell rings."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models.signals import post_save, pre_delete, pre_save
from django.utils import timezone

from feed import log, messages

if TYPE_CHECKING:
    from feed.models import Event


def connect(kind: "type[Event]") -> None:
    """Connect a kind when its class is made; nothing here may touch `_meta`, which is still its parent's."""
    pre_save.connect(mark_edited, sender=kind)
    post_save.connect(send_activity_notification, sender=kind)
    pre_delete.connect(send_deletion_notification, sender=kind)


def mark_edited(sender: "type[Event]", instance: "Event", raw: bool, **kwargs: Any) -> None:
    if raw:
        return
    if instance._state.adding:
        instance.kind = instance.kind_name()
    else:
        instance.edited_at = timezone.now()


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
    notify("created" if created else "updated", [instance.in_own_kind()], using)


def send_deletion_notification(
    sender: "type[Event]", instance: "Event", *, using: str | None = None, **kwargs: Any
) -> None:
    """Record a deletion while its user can still be asked for.

    Django sends the signal for the kind and again for each of its parents; only the kind's own counts.
    """
    if instance.kind == sender.kind_name():
        notify("deleted", [instance], using)


def notify(action: str, events: "Iterable[Event]", using: str | None) -> None:
    """Record one change for each event, in their transaction, and ring once when it commits."""
    changed = list(events)
    log.record(action, changed, using)
    for event in changed[:1]:
        messages.ring_on_commit(event, using)
