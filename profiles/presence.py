"""Who doesn't want to be named among those who are watching."""

from collections.abc import Collection
from typing import Any

from profiles.models import UserProfile


def hidden_users(keys: Collection[Any]) -> set[str]:
    hidden = UserProfile.objects.filter(user__in=keys, show_presence=False)
    return {str(key) for key in hidden.values_list("user", flat=True)}
