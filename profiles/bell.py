"""The bell: how much of what concerns a person is new."""

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count

from feed import people, streams
from feed.log import PUBLIC
from feed.rendering import rendered
from feed.streams import Personal
from profiles.concerns import To
from profiles.models import Concern, ReadPosition
from profiles.muting import mutes_its_event

MAX_UNREAD = 99
"""The largest number that a badge shows."""


def unread(user: Any) -> int:
    """How many events concern the user, are new and not muted, and may be seen by the user. One query if all of them
    are public."""
    new = Concern.objects.filter(~mutes_its_event(user), user=user, is_new=True).order_by()
    counts: dict[str, int] = dict(new.values_list("event__audience").annotate(Count("pk")))
    allowed = {PUBLIC} if counts.keys() <= {PUBLIC} else streams.audiences_of(user)
    return min(MAX_UNREAD, sum(count for audience, count in counts.items() if audience in allowed))


def mark_read(user: Any, position: int) -> None:
    """Nothing is new to the user any more. Recorded in the log, so that all the user's pages know.

    position: how far the log had been read when the user saw what was new.
    """
    with transaction.atomic():
        if Concern.objects.filter(user=user, is_new=True).update(is_new=False):
            mark = ReadPosition.objects.filter(user=user).first() or ReadPosition(user=user)
            mark.position, mark.audience = position, f"{To.prefix}:{people.name_of(user)}"
            mark.save()


class Bell(Personal):
    """`bell`: for pages, the number of what is new in my `to:NAME`."""

    prefix = "bell"
    audience = topic = To.prefix
    is_badge = True

    def badges(self, keys: Collection[str]) -> Mapping[str, str]:
        field = people.name_field()
        users = get_user_model()._default_manager.filter(**{f"{field}__in": [*keys]})
        return {str(getattr(user, field)): frame(unread(user)) for user in users}


def frame(count: int) -> str:
    """The bell as a part of a frame."""
    return rendered("profiles/bell_frame.html", {"unread": count})
