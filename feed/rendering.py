"""Renders templates without localized numbers: programs read the ids, positions and cursors of a page."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine, RequestContext
from django.template.base import Template
from django.template.loader import get_template, select_template
from django.utils.safestring import SafeString, mark_safe

SITE_BASES = ["base.html", "feed/standalone.html"]


def rendered(names: str | Sequence[str], context: Mapping[str, Any], request: HttpRequest | None = None) -> SafeString:
    """Like `render_to_string`, but never with a number like 5.008, whatever USE_THOUSAND_SEPARATOR and the language.
    For a number that people read, a template asks for it: `{{ number|localize }}`."""
    found: Any = get_template(names) if isinstance(names, str) else select_template(names)
    template = found.template
    values = {"site_base": partial(site_base, template.engine), **context}
    shown = Context(values, use_l10n=False) if request is None else RequestContext(request, values, use_l10n=False)
    return template.render(shown)  # type: ignore[no-any-return]


def site_base(engine: Engine) -> Template:
    """What feed/base.html extends: the site's own template, or ours if it has none."""
    return engine.select_template(SITE_BASES)


def joined(parts: Iterable[SafeString]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 (each was rendered)


def render(request: HttpRequest, name: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """A page. Its templates get `request` and `user`, whatever context processors the project has."""
    page = {"request": request, "user": request.user, **context}
    return HttpResponse(rendered(name, page, request), status=status)
