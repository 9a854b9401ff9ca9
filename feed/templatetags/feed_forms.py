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


@register.simple_tag(takes_context=True)
def compose_fields(context: Context) -> SafeString:
    """feed/compose_fields.html"""

    def render() -> SafeString:
        template = context.template.engine.get_template("feed/compose_fields.html")  # type: ignore[union-attr]
        return template.render(context)

    name, thread = context.get("form_id") or "", context.get("event") or None
    return composing.fields(context["form"], context["user"], thread, name, render)
