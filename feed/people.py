"""The public names of users. Any user model will do."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model

from feed.conf import conf


def name_field() -> str:
    """The field of the user model with the name that others see: FEED_USER_FIELD, or else its USERNAME_FIELD."""
    return conf.FEED_USER_FIELD or get_user_model().USERNAME_FIELD


def name_of(user: Any) -> str | None:
    """The user's public name. None for no user."""
    return None if user is None else str(getattr(user, name_field()))


def named(names: Iterable[str]) -> dict[str, Any]:
    """The keys of the users with these names, by name."""
    field = name_field()
    found = get_user_model()._default_manager.filter(**{f"{field}__in": [*names]})
    return {str(name): key for name, key in found.values_list(field, "pk")}
