"""The users of a copy. They are made by name, so that streams, pages and audiences of people work."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model

from feed.people import name_field


def users_named(names: Collection[str]) -> dict[str, Any]:
    """The users with these names, who are made if there are none: nobody can log in as one of them."""
    field = name_field()
    found = get_user_model()._default_manager.filter(**{f"{field}__in": names})
    users = {str(getattr(user, field)): user for user in found}
    return users | {name: _made(name) for name in sorted({*names} - users.keys())}


def _made(name: str) -> Any:
    model: Any = get_user_model()
    user = model(**{model.USERNAME_FIELD: name, name_field(): name})
    user.set_unusable_password()
    # Like a fixture: what other apps do for new users, such as a welcome, has happened at the source.
    user.save_base(raw=True, force_insert=True)
    return user
