import re
from copy import copy
from typing import Any

from django import template
from django.template import Context

from feed.frames.at_state import at_state
from profiles.bell import profile_and_unread
from profiles.portraits import picture_of

register = template.Library()


@register.inclusion_tag("profiles/bell.html", takes_context=True)
def bell(context: Context, user: Any) -> dict[str, int]:
    """The bell, with the number of what is new to the user. A page of the feed is at a state of the log."""
    page = context.get("page")
    key = "bell", user.pk
    profile, count = at_state(page.state, key, lambda: profile_and_unread(user)) if page else profile_and_unread(user)
    if profile:
        user.profile = copy(profile)
    return {"unread": count}


@register.filter
def web_only(url: str) -> str:
    """The URL if it is http or https, else "". One that was saved without the form may be a script (javascript:)."""
    return url if re.match(r"https?://", url, re.IGNORECASE) else ""


@register.simple_tag
def picture_url(person: Any, profile: Any, size: int) -> str:
    """The URL of the person's picture in this size. Empty without one."""
    return picture_of(person, profile.picture, size) if profile and profile.picture else ""
