"""Renders templates without localized numbers: programs read the ids, positions and cursors of a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import Context, RequestContext
from django.template.loader import get_template, select_template
from django.utils.safestring import SafeString


def rendered(names: str | Sequence[str], context: Mapping[str, Any], request: HttpRequest | None = None) -> SafeString:
    """Like `render_to_string`, but never with a number like 5.008, whatever USE_THOUSAND_SEPARATOR and the language.
    For a number that people read, a template asks for it: `{{ number|localize }}`."""
    template: Any = get_template(names) if isinstance(names, str) else select_template(names)
    values = dict(context)
    if request is None:
        return template.template.render(Context(values, use_l10n=False))  # type: ignore[no-any-return]
    return template.template.render(RequestContext(request, values, use_l10n=False))  # type: ignore[no-any-return]


def render(request: HttpRequest, name: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(rendered(name, context, request), status=status)
