import re
from typing import Any

from django import template

from profiles.bell import has_news, unread
from profiles.portraits import picture_of

register = template.Library()


@register.inclusion_tag("profiles/bell.html")
def bell(user: Any) -> dict[str, int]:
    """The bell, with the number of what is new to the user."""
    return {"unread": unread(user) if has_news(user) else 0}


@register.filter
def web_only(url: str) -> str:
    """The URL if it is http or https, else "". One that was saved without the form may be a script (javascript:)."""
    return url if re.match(r"https?://", url, re.IGNORECASE) else ""


@register.simple_tag
def picture_url(person: Any, profile: Any, size: int) -> str:
    """The URL of the person's picture in this size. Empty without one."""
    return picture_of(person, profile.picture, size) if profile and profile.picture else ""
