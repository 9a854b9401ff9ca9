from typing import Any

from django import template
from django.template import Context

register = template.Library()


@register.simple_tag(takes_context=True)
def has_muted(context: Context, person: Any) -> bool:
    """Whether the page's user has muted the person."""
    return bool(context["request"].user.profile_mutes.filter(person=person).exists())
