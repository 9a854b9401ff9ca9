"""The public names of users, and how users are shown. Any user model will do."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.core.signals import setting_changed
from django.db import connection
from django.db.models import Q, QuerySet

from feed.conf import conf

NOBODY = "System"
"""The name that is shown for an event without a user."""

SPELLED = 3
"""Letters of a name that are looked up in each spelling: at most eight spellings."""


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

    def called(self, prefix: str, limit: int) -> list[Any]:
        """The active users whose portrait has a name that begins with these letters, and isn't their public name."""
        return []


class _Chosen:
    portraits = Portraits()


def use_portraits(portraits: Portraits) -> None:
    """Show users by these portraits. Called by the `ready()` of an app."""
    _Chosen.portraits = portraits


def portraits() -> Portraits:
    return _Chosen.portraits


def chosen_name(user: Any) -> str:
    """The name under which rows show the user: one that the user has chosen, or else the public name."""
    return _Chosen.portraits.of(user).name


def loaded_with_events() -> tuple[str, ...]:
    """Relations of an event that lead to its user, and to what the user's portrait shows."""
    relation = _Chosen.portraits.relation
    return ("user", f"user__{relation}") if relation else ("user",)


def find(prefix: str, limit: int) -> list[Any]:
    """The active users whose public name begins with these letters, in upper or lower case; in the order of the names.

    Reads the index that the unique name has: a database looks up a beginning in it, but not whatever its case. So it
    looks up each spelling of the first letters.
    """
    if not prefix or "\0" in prefix:
        return []
    field = name_field()
    spellings = Q(*(_begins(field, each) for each in _spellings(prefix[:SPELLED])), _connector=Q.OR)
    return list(_active().filter(spellings, **{f"{field}__istartswith": prefix}).order_by(field)[:limit])


def called(name: str) -> str | None:
    """The public name of the user with this name, or else with this name in another case. None if there is none."""
    if "\0" in name:
        return None
    return name if named([name]) else _in_another_case(name)


def _in_another_case(name: str) -> str | None:
    found = map(name_of, find(name, 50))
    return next((each for each in found if each and each.casefold() == name.casefold()), None)


def _spellings(letters: str) -> list[str]:
    return ["".join(each) for each in product(*({letter.lower(), letter.upper()} for letter in letters))]


def _begins(field: str, prefix: str) -> Q:
    if connection.vendor != "sqlite":
        return Q((f"{field}__startswith", prefix))
    # SQLite has no index for LIKE with ESCAPE. Its order is that of the code points.
    return Q((f"{field}__gte", prefix), (f"{field}__lt", prefix + chr(0x10FFFF)))


def _active() -> QuerySet[Any]:
    users = get_user_model()._default_manager.select_related(portraits().relation)
    try:
        get_user_model()._meta.get_field("is_active")
    except FieldDoesNotExist:
        return users
    return users.filter(is_active=True)
