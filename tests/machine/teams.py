"""An audience whose members join and leave."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction

from feed import streams
from feed.streams import Audience

TEAMS = ("red", "blue")
AUDIENCES = ("public", "team:red", "team:blue", "only:alice")


class Team(Audience):
    """`team:NAME`: a group of Django. Has its prefix only as an instance, so it isn't registered for other tests."""

    def __init__(self) -> None:
        self.prefix = "team"

    def keys_for(self, user: Any) -> Iterable[object]:
        names: Iterable[str] = user.groups.values_list("name", flat=True)
        return names


def make_teams() -> None:
    Group.objects.bulk_create([Group(name=name) for name in TEAMS])


def change_access(users: Iterable[str], team: str, joined: bool) -> None:
    with transaction.atomic():
        members = Group.objects.get(name=team).user_set
        found = list(User.objects.filter(username__in=users))
        (members.add if joined else members.remove)(*found)
        streams.access_changed(found)
