"""What a page tells those outside of it; see `feed.outside`."""

from typing import Any

from django import template
from django.template import Context

from feed import outside

register = template.Library()


@register.simple_tag(takes_context=True)
def describe(context: Context) -> outside.Description | None:
    page = _live_page(context)
    return outside.description(page) if page else None


@register.simple_tag(takes_context=True)
def outside_urls(context: Context) -> outside.Urls | None:
    page = _live_page(context)
    return outside.urls(page) if page else None


def _live_page(context: Context) -> dict[str, Any]:
    """The page's variables. Empty for other pages (errors, forms), which have nothing to tell."""
    values: dict[Any, Any] = context.flatten()
    return values if {"page", "streams", "request"} <= values.keys() else {}
