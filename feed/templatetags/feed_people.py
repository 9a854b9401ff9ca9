"""People on the pages: the initial and the colour of their avatar, and where their pages and the log-in are."""

import re
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from django import template
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.template import Context
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, is_valid_path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from feed import streams
from feed.conf import conf
from feed.moderation import is_moderator
from feed.people import Portrait, chosen_name, name_of, portraits, shown_name
from feed.rendering import rendered

HUES = 24
"""Number of colours in rill.css, as the classes hue-0 to hue-23. Classes, because the CSP forbids inline styles."""

register = template.Library()
register.filter("shown_name", shown_name)
register.filter("chosen_name", chosen_name)
register.filter("audience_label", streams.label)
register.filter("is_moderator", is_moderator)


@register.filter
def public_name(user: Any) -> str:
    """The user's public name, or "" for nobody."""
    return name_of(user) or ""


@register.filter
def in_css(name: str) -> str:
    """The name as a part of a string in a selector of CSS."""
    return re.sub(r"[^\w-]", lambda found: f"\\{ord(found[0]):x} ", name)


@register.filter
def hue(name: str) -> int:
    return crc32(name.encode()) % HUES


@register.filter
def initial(name: str) -> str:
    return next((letter for letter in name if letter.isalnum()), "?").upper()[0]


@register.filter
def portrait(user: Any) -> Portrait:
    return portraits().of(user)


@register.simple_tag
def person_url(person: Any) -> str:
    """The person's page: that of the app `profiles`, or else the one that the user model names. Empty without both."""
    if person is None:
        return ""
    with suppress(NoReverseMatch):
        return reverse("profiles:person", args=[name_of(person)])
    with suppress(NoReverseMatch):
        return str(person.get_absolute_url()) if hasattr(person, "get_absolute_url") else ""
    return ""


@register.simple_tag
def same_for_all(template: str) -> SafeString:
    """A template that is the same on all pages. Rendered once: each name of a static file is looked up."""
    place = settings.STATIC_URL, str(settings.STORAGES["staticfiles"]["BACKEND"]), get_script_prefix()
    return _same_for_all.__wrapped__(template, *place) if settings.DEBUG else _same_for_all(template, *place)


@lru_cache(100)
def _same_for_all(template: str, *place: str) -> SafeString:
    return rendered(template, {})


@register.simple_tag
def reactions() -> list[str]:
    """The emoji that people can put to an event."""
    return list(conf.FEED_REACTIONS)


@register.simple_tag
def personal_streams() -> list[streams.Personal]:
    """The personal streams that have a name for pages."""
    return [each for each in streams.all_personal() if each.label]


@register.simple_tag(takes_context=True)
def login_url(context: Context) -> str:
    """The project's log-in (LOGIN_URL), which leads back to this page. Empty if the project has none: Django's default
    is a path, whether or not there is a page."""
    place = settings.LOGIN_URL, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix(), get_language()
    return _login_url(context["request"].path, *place)


@lru_cache(1000)
def _login_url(path: str, login: str, *place: str | None) -> str:
    """place: what the project's paths depend on."""
    with suppress(NoReverseMatch):
        url = redirect_to_login(path, login).url
        parts = urlsplit(url)
        if parts.netloc or is_valid_path("/" + parts.path.removeprefix(get_script_prefix())):
            return url
    return ""
