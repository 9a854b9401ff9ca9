"""Audiences for tests: the members of one of Django's groups. The fixture `teams` registers them."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, User

from feed.streams import Audience, access_changed
from feed.streams.stream import STREAMS


class Team(Audience):
    """`team:ID`: the users in a group."""

    prefix = "team"

    def keys_for(self, user: Any) -> Iterable[object]:
        return list(user.groups.values_list("pk", flat=True))


class Secret(Team):
    """`secret:ID`: the same users; to others it doesn't exist."""

    prefix = "secret"
    is_secret = True


TEAMS = {each.prefix: STREAMS.pop(each.prefix) for each in (Team, Secret)}


def team(*members: User) -> str:
    """Make a group of these users, and return the name of its audience."""
    group = Group.objects.create(name=f"group {Group.objects.count()}")
    group.user_set.set(members)
    return f"team:{group.pk}"


def leave(user: User) -> None:
    """The user leaves all teams."""
    user.groups.clear()
    access_changed(user)


def join(user: User, audience: str) -> None:
    user.groups.add(int(audience.partition(":")[2]))
    access_changed(user)
