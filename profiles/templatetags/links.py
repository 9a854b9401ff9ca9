import re

from django import template

register = template.Library()


@register.filter
def web_only(url: str) -> str:
    """The address if it is one of the web. What was saved past the form may be a script: javascript:…"""
    return url if re.match(r"https?://", url, re.IGNORECASE) else ""
