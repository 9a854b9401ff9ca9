"""Which web pages may watch: those of this site. Programs send no Origin, and are let in."""

from collections.abc import Awaitable, Mapping
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import validate_host
from django.utils.http import is_same_domain

from feed.connection.asgi import Application, Receive, Scope, Send
from feed.refusals import Refusal

Header = tuple[bytes, bytes]


def same_origin_or_none(application: Application) -> Application:
    """Middleware: refuse pages of other sites. A browser sends the cookies of this site with any page's websocket."""

    def guarded(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if is_ours(dict(scope["headers"])):
            return application(scope, receive, send)
        denied: Awaitable[None] = WebsocketDenier()(scope, receive, send)
        return denied

    return guarded


def headers_for_origin(headers: Mapping[bytes, bytes]) -> list[Header]:
    """The headers of a response that lets the page read it which asks for it. Raises Refusal for a page of another
    site, whose requests come with the cookies of this one."""
    if is_ours(headers):
        return []
    raise Refusal("other_origin", "A page of another site may not read this.", 4403)


def is_ours(headers: Mapping[bytes, bytes]) -> bool:
    """Whether these are the headers of a page of this site, or of a program."""
    origin = headers.get(b"origin")
    return origin is None or is_allowed(origin.decode("latin1"), headers.get(b"host", b"").decode("latin1"))


def is_allowed(origin: str, host: str) -> bool:
    """Whether a page of `origin` may watch at `host`. Both are values of the headers of these names."""
    try:
        page = urlsplit(origin)
        hostname = page.hostname or ""
    except ValueError:
        return False
    if any(_matches(page.scheme, page.netloc, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS):
        return True
    # A site on https has no pages on http. A page that claims to be one comes from an attacker in the middle.
    schemes = {"https"} if settings.SECURE_SSL_REDIRECT else {"http", "https"}
    # DNS rebinding: another site's host name may point here. So the host must be one of ours.
    allowed = settings.ALLOWED_HOSTS or ["localhost", ".localhost", "127.0.0.1", "[::1]"]
    bracketed = f"[{hostname}]" if ":" in hostname else hostname
    return page.scheme in schemes and page.netloc == host and validate_host(bracketed, allowed)


def _matches(scheme: str, netloc: str, trusted: str) -> bool:
    pattern = urlsplit(trusted)
    return scheme == pattern.scheme and is_same_domain(netloc, pattern.netloc.removeprefix("*"))
