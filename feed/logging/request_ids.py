"""The id of a request: the same in the logs of the proxy, of a page and of the page's socket."""

import re
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import iscoroutinefunction
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

HEADER = "X-Request-ID"
WELL_FORMED = r"[A-Za-z0-9_.-]{8,64}"
"""What is taken over. Anybody can send an id, and it must not forge a log line, or a page."""
IN_QUERY = re.compile(rf"(?:^|&)request=({WELL_FORMED})(?:&|$)".encode())

current: ContextVar[str] = ContextVar("rill_request_id", default="")


def well_formed(text: str) -> str:
    """The id, or "" if it isn't well-formed."""
    return text if re.fullmatch(WELL_FORMED, text, re.ASCII) else ""


@sync_and_async_middleware
def request_ids(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Middleware: give each request the id that the proxy has sent, or a new one, and send it back."""
    if iscoroutinefunction(get_response):

        async def answered_later(request: HttpRequest) -> HttpResponse:
            with identified(request) as name:
                return with_header(await cast("Awaitable[HttpResponse]", get_response(request)), name)

        return answered_later

    def answered(request: HttpRequest) -> HttpResponse:
        with identified(request) as name:
            return with_header(get_response(request), name)

    return answered


@contextmanager
def identified(request: HttpRequest) -> Iterator[str]:
    name = well_formed(request.headers.get(HEADER, "")) or secrets.token_hex(16)
    request.request_id = name  # type: ignore[attr-defined] # Django logs some responses after the middleware is done
    token = current.set(name)
    try:
        yield name
    finally:
        current.reset(token)


def with_header(response: HttpResponse, name: str) -> HttpResponse:
    response.headers[HEADER] = name
    return response


def of_socket(query: bytes, header: str) -> str:
    """The id of a websocket: that of its page, which is in the URL, or that of the handshake, or "".

    header: the value of the handshake's X-Request-ID.
    """
    found = IN_QUERY.search(query)
    return found[1].decode() if found else well_formed(header)
