"""Reports to the staff of the site."""

from collections.abc import Iterable
from typing import Any

from django.core.validators import MaxLengthValidator
from django.db import models, transaction

from feed import conversations
from feed.models import Event
from feed.querysets import EventQuerySet
from feed.streams import Audience

REASON_LENGTH = 500
QUOTED = 500
"""Characters that a report keeps of what it is about."""


class Staff(Audience):
    """`staff:reports`: those who run the site. Others report to them, and don't see the reports."""

    prefix = "staff"
    key = "reports"

    def accepts(self, key: str) -> bool:
        return key == self.key

    def keys_for(self, user: Any) -> Iterable[object]:
        return (self.key,) if getattr(user, "is_staff", False) else ()

    def keys_to_post(self, user: Any) -> Iterable[object]:
        return ()

    def label(self, key: str) -> str:
        return "Staff"


class Report(Event):
    """That a user reports an event. It goes with that event: what is deleted needs no report any more."""

    is_choice = False
    select_related = ("about__user",)

    about = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    reason = models.TextField(validators=[MaxLengthValidator(REASON_LENGTH)])
    said = models.TextField(blank=True, editable=False)
    """What the event said then. Its author may change it, and the staff may not be among those who may see it."""

    def __str__(self) -> str:
        return f"{self.author_name} reported #{self.about_id}: {self.reason}"


def reportable(user: Any) -> EventQuerySet:
    """What the user may report: what others did and the user sees."""
    return conversations.about(user).exclude(user=user).exclude(kind=Report.kind_name())


def is_reported(user: Any, event: Event) -> bool:
    return Report.rows.filter(user=user, about=event.pk).exists()


def report(user: Any, pk: int, reason: str) -> None:
    """Report the event with this id, once. Raises DoesNotExist if the user can't."""
    with transaction.atomic():
        # Locked, so that of two requests the second one finds the report of the first.
        event = reportable(user).select_for_update(of=("self",)).get(pk=pk)
        if not is_reported(user, event):
            audience = f"{Staff.prefix}:{Staff.key}"
            Report.objects.create(user=user, audience=audience, about_id=pk, reason=reason, said=event.words[:QUOTED])
