import re

from django import template

register = template.Library()


@register.filter
def web_only(url: str) -> str:
    """The URL if it is http or https, else "". One that was saved without the form may be a script (javascript:)."""
    return url if re.match(r"https?://", url, re.IGNORECASE) else ""
