"""Where the feed is served: the paths of its websocket and of its events, and the path under which the whole site is.

A site may be under a path of its own, such as /shop/ (`--root-path`, FORCE_SCRIPT_NAME). Django knows it only during a
request, as the script prefix. The hub renders rows outside of requests, with the prefix of the latest request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

from django.urls import get_script_prefix, reverse, set_script_prefix

SOCKET = "ws/feed/"
EVENTS = "sse/feed/"

_latest = "/"


def socket_path() -> str:
    return get_script_prefix() + SOCKET


def remember_prefix(prefix: str) -> None:
    """prefix: as in ASGI and WSGI, without a slash at the end."""
    global _latest  # noqa: PLW0603
    _latest = f"{prefix.rstrip('/')}/"


def latest_prefix() -> str:
    return _latest


def is_of_the_web(url: str) -> bool:
    """Whether it is safe to link to. A link to `javascript:` runs as a script."""
    try:
        return urlsplit(url).scheme in ("", "http", "https")
    except ValueError:
        return False


def search_url(query: str) -> str:
    return f"{reverse('feed:search')}?{urlencode({'q': query})}"


@contextmanager
def under_latest_prefix() -> Iterator[None]:
    before = get_script_prefix()
    set_script_prefix(_latest)
    try:
        yield
    finally:
        set_script_prefix(before)
