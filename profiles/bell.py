"""The bell: how much of what concerns a person is new."""

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef

from feed import people, streams
from feed.log import PUBLIC
from feed.rendering import rendered
from feed.streams import Personal
from profiles.concerns import To
from profiles.models import Concern, ReadPosition, UserProfile
from profiles.muting import mutes_its_event

MAX_UNREAD = 99
"""The largest number that a badge shows."""


def profile_and_unread(user: Any) -> tuple[UserProfile | None, int]:
    """The user's profile, which every page shows beside the bell, and how much is new. One query if nothing is."""
    news = Concern.objects.filter(user=OuterRef("user"), is_new=True)
    profile: Any = UserProfile.objects.annotate(has_news=Exists(news)).filter(user=user).first()
    # A user from a fixture may have no profile.
    return profile, unread(user) if profile is None or profile.has_news else 0


def unread(user: Any) -> int:
    """How many events concern the user, are new and not muted, and may be seen by the user. One query if all of them
    are public. Its cost has a bound, however much is new."""
    new = Concern.objects.filter(user=user, is_new=True).order_by()
    if not new.exists():  # nearly always, and asked for on every page
        return 0
    new = new.filter(~mutes_its_event(user))
    audiences = list(new.values_list("event__audience", flat=True)[:MAX_UNREAD])
    if {*audiences} <= {PUBLIC}:
        return len(audiences)
    # Counted anew: those may all be hidden from the user, and others not.
    return new.filter(event__audience__in=streams.audiences_of(user))[:MAX_UNREAD].count()


def mark_read(user: Any, position: int) -> None:
    """Nothing that the user may see is new any more. Recorded in the log, so that all the user's pages know.

    What is hidden from the user stays new, until it is shown. Were it marked, the record would tell that it is there.

    position: how far the log had been read when the user saw what was new.
    """
    with transaction.atomic():
        new = Concern.objects.filter(user=user, is_new=True, event__audience__in=streams.audiences_of(user))
        if new.update(is_new=False):
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
