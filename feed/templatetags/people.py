"""The initial and the colour of a person's avatar."""

from zlib import crc32

from django import template

HUES = 12
"""Number of colours in rill.css, as the classes hue-0 to hue-11. Classes, because the CSP forbids inline styles."""

register = template.Library()


@register.filter
def hue(name: str) -> int:
    return crc32(name.encode()) % HUES


@register.filter
def initial(name: str) -> str:
    return next((letter for letter in name if letter.isalnum()), "?").upper()[0]
