import re
from typing import Any

from django import template

from profiles.models import UserProfile
from profiles.portraits import picture_of

register = template.Library()


@register.filter
def web_only(url: str) -> str:
    """The URL if it is http or https, else "". One that was saved without the form may be a script (javascript:)."""
    return url if re.match(r"https?://", url, re.IGNORECASE) else ""


@register.simple_tag
def picture_url(person: Any, profile: Any, size: int) -> str:
    """The URL of the person's picture in this size. Empty without one."""
    return picture_of(person, profile.picture, size) if profile and profile.picture else ""


@register.simple_tag
def recently_active(user: Any) -> list[UserProfile]:
    return UserProfile.objects.recently_active(without=user.pk)
