"""Identifies the user of an API request: by the token, or else by the session."""

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from feed.refusals import Refusal
from feed.tokens.bearer import authenticate, digest_in
from feed.tokens.table import Token

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}

ANONYMOUS_TOO: dict[str, Any] = {"security": [{}]}
"""For the description of an operation that needs no token."""


class ApiToken(AuthBase):
    """The authentication of all operations of the API. Anonymous requests are let in: each operation knows what it
    shows to them."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> bool:
        if not hasattr(request, "token"):  # set by whatever serves the whole path
            identify(request)
        return True


def identify(request: HttpRequest) -> None:
    """Set `request.token`, and with a token `request.user` to its user, whatever the session says. Raises Refusal."""
    token = authenticate(request.headers.get("Authorization"))
    request.token = token  # type: ignore[attr-defined]
    if token:
        act_as(request, token.user)
    elif is_forgeable(request) and check_csrf(request):
        raise Refusal("bad_csrf", "With a session, send the CSRF token as X-CSRFToken. Or send a token.", 4403)


def is_forgeable(request: HttpRequest) -> bool:
    """Whether a page of another site can have made a browser send this. It sends its cookie by itself, but no token."""
    user = getattr(request, "user", None)  # none without AuthenticationMiddleware
    return request.method not in SAFE and user is not None and user.is_authenticated


def act_as(request: HttpRequest, user: Any) -> None:
    async def auser() -> Any:
        return user

    request.user, request.auser = user, auser


def token_of(request: HttpRequest) -> Token | None:
    return cast("Token | None", getattr(request, "token", None))


def need(request: HttpRequest, scope: str) -> None:
    """Raise Refusal if the request came with a token that doesn't have this scope. A session may do everything that its
    user may do."""
    if token := token_of(request):
        token.need(scope)


def set_headers(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """No cache gives one client's response to another, and a 401 says what is wanted."""
    patch_vary_headers(response, ["Authorization"])
    if token_of(request):
        patch_cache_control(response, private=True)
    if response.status_code == 401:
        is_wrong = digest_in(request.headers.get("Authorization")) is not None
        response["WWW-Authenticate"] = 'Bearer error="invalid_token"' if is_wrong else "Bearer"
    return response
