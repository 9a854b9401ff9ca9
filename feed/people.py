"""The public names of users. Any user model will do."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.core.signals import setting_changed

from feed.conf import conf

NOBODY = "System"
"""The name that is shown for an event without a user."""


@cache
def name_field() -> str:
    """The field of the user model with the name that others see: FEED_USER_FIELD, or else its USERNAME_FIELD."""
    return conf.FEED_USER_FIELD or get_user_model().USERNAME_FIELD


setting_changed.connect(lambda **kwargs: name_field.cache_clear(), weak=False)  # by tests


def name_of(user: Any) -> str | None:
    """The user's public name. None for no user, and for a user whose name is null."""
    name = None if user is None else getattr(user, name_field())
    return None if name is None else str(name)


def shown_name(user: Any) -> str:
    """The name to show for an event's user, who may be nobody."""
    return NOBODY if user is None else name_of(user) or "?"


def named(names: Iterable[str]) -> dict[str, Any]:
    """The keys of the users with these names, by name."""
    field = name_field()
    found = get_user_model()._default_manager.filter(**{f"{field}__in": [*names]})
    return {str(name): key for name, key in found.values_list(field, "pk")}
