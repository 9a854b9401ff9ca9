"""Server-sent events: check the request, begin the response, end it. What this door shares with the websocket is in
feed/door.py."""

import asyncio
import random
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from io import BytesIO
from typing import Any

import msgspec
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest

from feed import tokens
from feed.connection import stream_for
from feed.connection.asgi import Disconnected, Message, Receive, Scope, Send, send_message
from feed.connection.origins import Header, headers_for_origin
from feed.connection.streaming import StreamConnection
from feed.door import CLOSE_TIMEOUT, Door
from feed.frames.formats import FORMATS
from feed.handshake import Request, credential_of, format_of, header_of, resumed
from feed.hub.watcher import Watcher
from feed.logging.request_ids import of_socket
from feed.outage import RETRY_AFTER
from feed.refusals import Refusal
from feed.visit import Visit

RETRY = 1000, 5000
"""Milliseconds until a browser connects again, at least and at most. Each client is told its own number at first. So
clients come back one after the other, however their connections end."""
LAST: Message = {"type": "http.response.body", "body": b"", "more_body": False}
HEADERS: list[Header] = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
STREAM: list[Header] = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]


class EventStream(Door):
    """One request. What can't be served gets a status of its own, as long as the response hasn't begun."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.receive, self.send = receive, send
        self.scope: Scope | None = scope
        self.headers = HEADERS
        self.visit = Visit(of_socket(scope["query_string"], header_of(scope, b"x-request-id")))

    @classmethod
    def answer(cls, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return cls(scope, receive, send).run(scope["query_string"], credential_of(scope))

    async def open(self) -> None:
        self.connection = StreamConnection(self.send)

    async def begin(self, query: bytes) -> tuple[Watcher, int | None]:
        assert self.scope
        self.headers = HEADERS + check(self.scope)
        if format_of(query) != "json":
            raise Refusal("bad_request", "Server-sent events are JSON: format=json, or no format.")
        return await super().begin(query)

    async def start(self, request: Request) -> tuple[int | None, str]:
        """A browser that connects again sends the same URL, and where it was in a header."""
        assert self.scope
        return resumed(header_of(self.scope, b"last-event-id")) or (request.after, request.epoch)

    async def admit(self, watcher: Watcher) -> None:
        assert self.scope
        headers = self.headers + STREAM + closing(self.scope)
        self.scope = None  # kept no longer: it would live as long as the connection
        self.connection = watcher.connection = stream_for(self.send)
        await send_message(self.send, {"type": "http.response.start", "status": 200, "headers": headers})
        retry = f"retry: {random.randint(*RETRY)}\n\n".encode()  # noqa: S311
        await send_message(self.send, {"type": "http.response.body", "body": retry, "more_body": True})

    def listen(self, watcher: Watcher) -> Coroutine[Any, Any, None]:
        return self.until_left()

    async def cut(self) -> None:
        await super().cut()
        with suppress(Disconnected, TimeoutError):  # otherwise the server would miss the end of the response
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self.until_left()

    async def until_left(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        raise Disconnected

    async def refuse(self, refusal: Refusal) -> None:
        if self.scope is None:
            await self.say_last(LAST, FORMATS[self.format].error(refusal))
            return
        self.visit.code = refusal.status
        body = msgspec.json.encode({"code": refusal.code, "message": refusal.message})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        headers += self.headers + reasons(refusal, self.scope)
        await send_message(self.send, {"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self.say_last(LAST | {"body": b"" if self.scope["method"] == "HEAD" else body})

    async def come_back(self, error: Exception) -> None:
        if self.scope is None:
            await self.say_last(LAST)
        else:
            await self.refuse(Refusal("unavailable", "The feed can't be read now. Try again in a moment.", None))


def check(scope: Scope) -> list[Header]:
    """The headers that let the page read the response that asks for it. Raises Refusal."""
    if scope["method"] != "GET":
        raise Refusal("method_not_allowed", "Server-sent events are read with GET.", 4405)
    try:
        ASGIRequest(scope, BytesIO()).get_host()
    except DisallowedHost:  # DNS rebinding: browsers send no Origin with what they take for the same site
        raise Refusal("bad_host", "The header Host doesn't name this site.") from None
    return headers_for_origin(dict(scope["headers"]))


def closing(scope: Scope) -> list[Header]:
    """No other request is read from this connection. HTTP/2 has no such header."""
    return [(b"connection", b"close")] if scope["http_version"].startswith("1") else []


def reasons(refusal: Refusal, scope: Scope) -> list[Header]:
    """The headers that HTTP wants beside the status."""
    headers = list[Header]()
    if refusal.status == 401:
        is_wrong = tokens.digest_in(header_of(scope, b"authorization")) is not None
        headers.append((b"www-authenticate", b'Bearer error="invalid_token"' if is_wrong else b"Bearer"))
    if refusal.status == 405:
        headers.append((b"allow", b"GET"))
    wait = refusal.retry_after or (RETRY_AFTER if refusal.status == 503 else 0)
    return [*headers, (b"retry-after", b"%d" % wait)] if wait else headers
