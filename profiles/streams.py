"""Whom people follow and what concerns them, as streams."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models.expressions import RawSQL

from feed.people import name_field
from feed.streams import OfPerson, Personal
from profiles.bell import Bell
from profiles.concerns import To
from profiles.models import Follow
from profiles.report import Staff

__all__ = ["Bell", "Followers", "Home", "Staff", "To"]


class Followers(OfPerson):
    """`followers:NAME`: a person, and those who follow that person. Only the person posts to it."""

    prefix = "followers"

    def keys_for(self, user: Any) -> Iterable[object]:
        return [*self.keys_to_post(user), *_followed_by(user)]

    def others(self, user: Any) -> Iterable[Any]:
        return get_user_model()._default_manager.filter(profile_follows__followed=user)

    def label(self, key: str) -> str:
        return f"{key}'s followers"

    def choice(self, key: str) -> str:
        return "Your followers"


class Home(Personal):
    """`home`: what I do, and what the people do that I follow."""

    prefix = "home"
    audience = "followers"
    topic = "user"
    label = "Following"
    welcome_template = "profiles/whom_to_follow.html"


def _followed_by(user: Any) -> list[object]:
    """The public names of the people that the user follows."""
    key = Follow._meta.get_field("follower").get_db_prep_value(user.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(_followed_names(name_field()), [key])
        found = cursor.fetchall()
    field: Any = get_user_model()._meta.get_field(name_field())
    names = [name for (name,) in found if name is not None]
    for convert in field.get_db_converters(connection):
        names = [convert(name, None, connection) for name in names]
    return [field.to_python(name) for name in names]


@cache
def _followed_names(field: str) -> str:
    """The statement, whose value is the key of the user. Compiled once: it is asked for each page of somebody who is
    logged in, and compiling takes three times as long as the database."""
    of_one = Follow.rows.filter(follower=RawSQL("%s", [None]))
    return str(of_one.values_list(f"followed__{field}", flat=True).query.sql_with_params()[0])
