"""Who follows whom."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from feed.log import PUBLIC
from feed.models import Event
from profiles.models import Follow

RECENT = 500
"""Events among whose users we look for somebody to follow."""


def follow(follower: Any, followed: Any) -> Follow:
    """Make `follower` follow `followed`. There is one event of it, however often this is called. Raises
    ValidationError."""
    if follower.pk == followed.pk:
        raise ValidationError("Nobody can follow themselves.", code="self")
    with transaction.atomic():
        pair: dict[str, Any] = {"follower": follower, "followed": followed}
        if not Follow.rows.filter(**pair).exists():
            Follow.check_room(follower.pk)
        # Unique in the database: of two who do this at once, one finds the event of the other.
        event: Follow = Follow.rows.get_or_create(**pair, defaults={"user": follower})[0]
        return event


def unfollow(follower: Any, followed: Any) -> None:
    follower.profile_follows.filter(followed=followed).delete()


def is_following(follower: Any, followed: Any) -> bool:
    return bool(follower.is_authenticated and follower.profile_follows.filter(followed=followed).exists())


def followers(person: Any) -> QuerySet[Any]:
    """Those who follow the person, the newest first."""
    return _people().filter(profile_follows__followed=person).order_by("-profile_follows__pk")


def following(person: Any) -> QuerySet[Any]:
    """The people that the person follows, the newest first."""
    return _people().filter(profile_followers__follower=person).order_by("-profile_followers__pk")


def among(follower: Any, people: Iterable[Any]) -> set[Any]:
    """The keys of those people whom the user follows."""
    if not follower.is_authenticated:
        return set()
    return set(follower.profile_follows.filter(followed__in=people).values_list("followed", flat=True))


def suggested(user: Any, size: int) -> list[Any]:
    """People who did something recently that everybody may see, and whom the user doesn't follow."""
    recent = Event.rows.filter(audience=PUBLIC, user__isnull=False).newest()[:RECENT].values_list("user", flat=True)
    known = {user.pk, *user.profile_follows.values_list("followed", flat=True)}
    keys = [key for key in dict.fromkeys(recent) if key not in known][:size]
    people = _people().in_bulk(keys)
    # Not all user models have a column `is_active`.
    return [people[key] for key in keys if key in people and people[key].is_active]


def _people() -> QuerySet[Any]:
    return get_user_model()._default_manager.select_related("profile")
