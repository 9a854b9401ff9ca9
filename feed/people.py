"""The public names of users, and how users are shown. Any user model will do."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Portrait:
    """How a user is shown in a row.

    handle: the public name, if `name` is another one.
    picture: the URL of a square picture. Without one the initial is shown.
    """

    name: str
    handle: str = ""
    picture: str = ""


class Portraits:
    """The portraits that rows show: the public name alone. An app with more about people puts its own into `portraits`.

    relation: the relation of the user model to what the portrait shows, such as `profile`. It is loaded together with
    the users of events, so that no row queries it.
    """

    relation: str | None = None

    def of(self, user: Any) -> Portrait:
        return Portrait(shown_name(user))

    def key(self, user: Any) -> Hashable:
        """What the portrait depends on, apart from the fields of the user. Part of the key of a cached row."""
        return None


class _Chosen:
    portraits = Portraits()


def use_portraits(portraits: Portraits) -> None:
    """Show users by these portraits. Called by the `ready()` of an app."""
    _Chosen.portraits = portraits


def portraits() -> Portraits:
    return _Chosen.portraits


def loaded_with_events() -> tuple[str, ...]:
    """Relations of an event that lead to its user, and to what the user's portrait shows."""
    relation = _Chosen.portraits.relation
    return ("user", f"user__{relation}") if relation else ("user",)
