"""To mute people and threads."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from feed.models import Event
from feed.muted import Muted
from feed.people import name_field
from feed.streams import access_changed
from profiles.mute import Mute

MAX_MUTED = 500
"""What a user can mute. Each page of theirs carries it."""


def mute(user: Any, **what: Any) -> None:
    """Mute a `person` or a `thread`, however often this is called. Raises ValidationError."""
    if what.get("person") == user:
        raise ValidationError("Nobody can mute themselves.", code="self")
    with transaction.atomic():
        if not user.profile_mutes.filter(**what).exists() and user.profile_mutes.count() >= MAX_MUTED:
            raise ValidationError(f"You have muted {MAX_MUTED}. Nobody can mute more.", code="too_many")
        if Mute.objects.get_or_create(user=user, **what)[1]:
            reload_pages(user)


def unmute(user: Any, **what: Any) -> None:
    with transaction.atomic():
        if user.profile_mutes.filter(**what).delete()[0]:
            reload_pages(user)


def reload_pages(user: Any) -> None:
    """All pages of the user load their rows anew, in every tab and on every device. Nobody else is told: an entry of
    the log for a change of access names only the user."""
    access_changed(user)


def muted(user: Any) -> Muted:
    """What the user has muted: one query."""
    rows = user.profile_mutes.values_list("person", f"person__{name_field()}", "thread")
    people, threads = dict[str, str](), set[int]()
    for person, name, thread in rows:
        if thread is None:
            people[str(person)] = str(name)
        else:
            threads.add(thread)
    return Muted(people, frozenset(threads))


def mutes_its_event(user: Any) -> Exists:
    """The condition, for rows with an `event`, that the user has muted its author or a thread that holds it."""
    lookups = ("event", "event__comment__thread", "event__reaction__thread")
    threads = Q(*(("thread", OuterRef(each)) for each in lookups), _connector=Q.OR)
    return Exists(Mute.objects.filter(threads | Q(person=OuterRef("event__user")), user=user))


def muted_events(user: Any) -> tuple[list[Event], int]:
    """The events whose threads the user has muted, newest first, and the number of those out of the user's sight."""
    keys = list(user.profile_mutes.filter(thread__isnull=False).values_list("thread", flat=True))
    seen = list(Event.objects.visible_to(user).with_users().filter(pk__in=keys).newest())
    return seen, len(keys) - len(seen)


def muted_people(user: Any) -> list[Any]:
    """The people whom the user has muted, by name."""
    people = get_user_model()._default_manager.select_related("profile")
    return list(people.filter(pk__in=user.profile_mutes.values("person")).order_by(name_field()))
