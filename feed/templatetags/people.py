"""The public name of a person, and the initial and the colour of their avatar."""

from typing import Any
from zlib import crc32

from django import template

from feed.people import name_of, shown_name

HUES = 12
"""Number of colours in rill.css, as the classes hue-0 to hue-11. Classes, because the CSP forbids inline styles."""

register = template.Library()
register.filter("shown_name", shown_name)


@register.filter
def public_name(user: Any) -> str:
    """The user's public name, or "" for nobody."""
    return name_of(user) or ""


@register.filter
def hue(name: str) -> int:
    return crc32(name.encode()) % HUES


@register.filter
def initial(name: str) -> str:
    return next((letter for letter in name if letter.isalnum()), "?").upper()[0]
