"""What tells people apart at a glance: their initial, and a colour that is always theirs."""

from zlib import crc32

from django import template

HUES = 12
"""Colours that rill.css knows, as the classes hue-0 to hue-11: a policy without inline styles allows no more."""

register = template.Library()


@register.filter
def hue(name: str) -> int:
    return crc32(name.encode()) % HUES


@register.filter
def initial(name: str) -> str:
    return next((letter for letter in name if letter.isalnum()), "?").upper()[0]
