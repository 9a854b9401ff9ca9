"""The names of those who are watching, except of users who don't want to be named."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.contrib.auth import get_user_model

from feed.people import name_field, portraits

NAMED = 20
"""People who are named. The rest is a number."""
CANDIDATES = 500
"""Users among whom these are chosen, so that a query stays small however many are there."""

HiddenUsers = Callable[[Collection[str]], Iterable[object]]

_hidden: list[HiddenUsers] = []


def hide_users(find: HiddenUsers) -> None:
    """Register a function that takes keys of users, as texts, and returns the keys of those who don't want to be
    named.

    They are counted like people who aren't logged in. The function may query the database. If it fails, nobody is
    named.
    """
    _hidden.append(find)


def named_users(keys: Collection[str]) -> tuple[Any, ...]:
    """The users to name, by name, with what their portraits show."""
    chosen = set(sorted(keys)[:CANDIDATES])
    for find in _hidden:
        chosen -= {str(key) for key in find(chosen)}
    if not chosen:
        return ()
    model = get_user_model()
    pks = [model._meta.pk.to_python(key) for key in chosen]
    users = model._default_manager.select_related(portraits().relation)
    return tuple(users.filter(pk__in=pks).order_by(name_field())[:NAMED])
