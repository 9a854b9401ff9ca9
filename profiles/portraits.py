"""How rows show a person: the name that they have chosen, their handle, and their picture."""

from contextlib import suppress
from typing import Any

from django.urls import NoReverseMatch, reverse

from feed.people import Portrait, Portraits, name_of, shown_name
from profiles.models import UserProfile


class ProfilePortraits(Portraits):
    relation = "profile"

    def of(self, user: Any) -> Portrait:
        name, picture = self.key(user)
        handle = shown_name(user)
        picture_url = picture_of(user, picture) if picture else ""
        return Portrait(name, handle, picture_url) if name else Portrait(handle, "", picture_url)

    def key(self, user: Any) -> tuple[str, str]:
        profile = getattr(user, "profile", None)  # a user from a fixture may have none
        return (profile.display_name, profile.picture) if profile else ("", "")

    def called(self, prefix: str, limit: int) -> list[Any]:
        found = UserProfile.objects.active().filter(display_name__istartswith=prefix).newest()
        return [profile.user for profile in found[:limit]]


def picture_of(user: Any, version: str, size: int = 64) -> str:
    """The URL of the picture. Empty in a project without the pages of the profiles."""
    with suppress(NoReverseMatch):
        return reverse("profiles:picture", args=[name_of(user), version, size])
    return ""
