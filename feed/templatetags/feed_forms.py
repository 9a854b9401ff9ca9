"""What the forms show besides their fields."""

from typing import Any

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from feed import composing

register = template.Library()


@register.simple_tag(takes_context=True)
def sending_row(context: Context, thread: Any = None) -> SafeString:
    """The row that the page shows while the form's text is being sent: a comment on `thread`, or else a post."""
    return composing.sending_row(context["user"], thread or None)  # an unknown variable is ""
