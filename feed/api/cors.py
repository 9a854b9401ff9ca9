"""Lets pages of the origins in FEED_API_ORIGINS call the API, with tokens. By default no other site may.

Not by django-cors-headers: it works as middleware of the whole project, and takes its settings from the project, which
may use it for other paths.
"""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from feed.conf import conf

METHODS = "GET, HEAD, POST, PATCH, DELETE"
HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
EXPOSED = "ETag, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate"
MAX_AGE = "7200"
"""Seconds for which a browser keeps the answer to a preflight. Browsers have maxima of their own."""


def is_allowed(request: HttpRequest) -> bool:
    return request.headers.get("Origin") in conf.FEED_API_ORIGINS


def preflight(request: HttpRequest) -> HttpResponse | None:
    """The answer to a browser that asks what a page of another site may send; None for any other request."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers or not is_allowed(request):
        return None
    allowed = {"Methods": METHODS, "Headers": HEADERS}
    headers = {f"Access-Control-Allow-{name}": value for name, value in allowed.items()}
    return HttpResponse(status=204, headers={**headers, "Access-Control-Max-Age": MAX_AGE})


def forget_cookie(request: HttpRequest) -> None:
    """Nobody is logged in on a page of another site, whatever cookie the browser has sent along."""
    if is_allowed(request):
        request.user = AnonymousUser()


def set_headers(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Never `Access-Control-Allow-Credentials`."""
    if conf.FEED_API_ORIGINS:
        patch_vary_headers(response, ["Origin"])
    if is_allowed(request):
        response["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response["Access-Control-Expose-Headers"] = EXPOSED
    return response
