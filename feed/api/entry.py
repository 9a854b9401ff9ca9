"""What all paths of the API have in common, also those where nothing is."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import Resolver404, URLPattern, re_path, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from feed.answered import counted
from feed.api import cors, limits
from feed.api.errors import in_shape, response_to
from feed.paths import remember_prefix
from feed.tokens import requests as tokens

View = Callable[..., HttpResponse]


def api_view(view: View) -> View:
    """A view of the API: identifies the user, gives errors their one shape, and sets the headers of all responses.

    Without Django's CSRF check, because tokens need none; `identify` checks sessions. Not in a transaction of the
    request (ATOMIC_REQUESTS): that one could still fail after the response.
    """

    @wraps(view)
    def answered(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse:
        remember_prefix(request.META.get("SCRIPT_NAME", ""))
        response = cors.preflight(request) or in_shape(_answer(request, lambda: view(request, *args, **kwargs)))
        tokens.set_headers(request, response)
        limits.set_headers(request, response)
        return cors.set_headers(request, response)

    return csrf_exempt(transaction.non_atomic_requests(counted(answered)))


def _answer(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    method = request.method
    try:
        cors.forget_cookie(request)
        tokens.identify(request)
        if method == "HEAD":  # which django-ninja doesn't know; the server leaves out the body
            request.method = "GET"
        return view()
    except Exception as error:  # noqa: BLE001 (it is logged)
        return response_to(request, error)
    finally:
        request.method = method


def on_every_path(patterns: list[Any]) -> list[URLPattern]:
    """These URL patterns of django-ninja, and one for all paths that they don't match."""
    for pattern in patterns:
        # Those that describe the API would take any method.
        is_plain = pattern.name in {"openapi-json", "openapi-view", "api-root"}
        pattern.callback = api_view(require_safe(pattern.callback) if is_plain else pattern.callback)
    return [*patterns, re_path("", api_view(nowhere), name="nowhere")]


def nowhere(request: HttpRequest) -> HttpResponse:
    """404; or the way to the same path with a slash, as Django's CommonMiddleware shows it elsewhere."""
    if request.method == "GET" and not request.path_info.endswith("/") and _leads_somewhere(f"{request.path_info}/"):
        return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
    raise Http404


def _leads_somewhere(path: str) -> bool:
    try:
        return resolve(path).url_name not in {"nowhere", "api-root"}
    except Resolver404:
        return False
