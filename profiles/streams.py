"""Whom people follow and what concerns them, as streams."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model

from feed.people import name_field
from feed.streams import OfPerson, Personal
from profiles.bell import Bell
from profiles.concerns import To
from profiles.report import Staff

__all__ = ["Bell", "Followers", "Home", "Staff", "To"]


class Followers(OfPerson):
    """`followers:NAME`: a person, and those who follow that person. Only the person posts to it."""

    prefix = "followers"

    def keys_for(self, user: Any) -> Iterable[object]:
        followed = user.profile_follows.values_list(f"followed__{name_field()}", flat=True)
        return [*self.keys_to_post(user), *(name for name in followed if name is not None)]

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
