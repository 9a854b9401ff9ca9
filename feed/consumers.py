"""The websocket: accept it, answer its messages, close it. What it shares with the other door is in feed/door.py."""

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import Any

import msgspec
from asgiref.sync import markcoroutinefunction
from channels.consumer import AsyncConsumer

from feed.conf import conf
from feed.connection import connection_for
from feed.connection.asgi import Disconnected, Message, Receive, Scope, Send, reading_paused, send_message
from feed.door import Door
from feed.frames.formats import FORMATS
from feed.handshake import (
    Request,
    credential_of,
    format_of,
    header_of,
    parse_cursor,
    parse_watch,
    subprotocol_of,
    visitor_of,
)
from feed.hub.watcher import Credential, Watcher
from feed.logging.request_ids import of_socket
from feed.paths import SOCKET, latest_prefix
from feed.refusals import Refusal
from feed.visit import Visit

MAX_MESSAGE = 4096
"""Bytes of a message. A larger one is refused with a reason; from the budget's MAX_MESSAGE on it isn't even read."""
MAX_MESSAGES, MESSAGES_PERIOD = 50, 10.0
"""Messages that a client may send, and the seconds in which they count."""


class FeedConsumer(Door, AsyncConsumer):
    """One connected websocket.

    Its messages aren't dispatched by Channels, which would subscribe a channel for each watcher, and switch threads for
    each message.
    """

    page_user: object = None
    """The key of the user that a page was made for, "" for nobody; None if the client didn't say."""

    @classmethod
    def as_asgi(cls, **initkwargs: Any) -> Any:  # an Application, which `path` doesn't take for a view
        """Like that of Channels, but without a coroutine, which would keep the scope for as long as the connection."""

        def application(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            return cls(**initkwargs)(scope, receive, send)

        return markcoroutinefunction(application)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        self.send, self.receive = send, receive
        self.visitor = visitor_of(scope)
        self.subprotocol = subprotocol_of(scope)
        self.server_send = scope.get("server_send", send)
        self.visit = Visit(of_socket(scope["query_string"], header_of(scope, b"x-request-id")))
        return self.run(scope["query_string"], credential_of(scope))

    async def open(self) -> None:
        await self.receive()  # websocket.connect
        self.connection = connection_for(self.server_send)  # before accepting: a client may flood the server at once
        await send_message(self.send, accepted(self.subprotocol))  # raises Disconnected if the handshake was invalid

    async def begin(self, query: bytes) -> tuple[Watcher, int | None]:
        self.format = format_of(query)
        return await super().begin(query)

    async def start(self, request: Request) -> tuple[int | None, str]:
        if self.format == "html" and request.after is None:
            return await self.hello()
        return request.after, request.epoch

    async def admit(self, watcher: Watcher) -> None:
        if self.page_user not in (None, watcher.login.user if watcher.login else ""):
            raise Refusal("other_user", "Somebody else is logged in now. Load the page again.", 4401)

    async def hello(self) -> tuple[int, str]:
        """The first message of a page: its cursor and its log."""
        async with asyncio.timeout(conf.FEED_STALL):
            message = await self.message()
        self.page_user = message.get("as")
        return parse_cursor(message.get("after")), str(message.get("log", ""))

    async def listen(self, watcher: Watcher) -> None:
        times: deque[float] | None = None
        while True:
            message = await self.message()
            times = counted(times)
            if message.get("type") == "ping":
                self.hub.send_frame(watcher)
            elif message.get("type") == "watch":
                await self.watch(watcher, message)
            elif self.format == "html" and "after" in message:
                # The page has loaded older rows, which were read at this cursor. What changed since then is sent again.
                self.hub.rewind(watcher, parse_cursor(message["after"]))
            else:
                raise Refusal("bad_request", 'A client sends {"type": "ping"} or {"type": "watch", "streams": […]}.')

    async def watch(self, watcher: Watcher, message: dict[str, object]) -> None:
        """Watch the streams of the message instead. Raises Refusal."""
        if self.format == "html":
            raise Refusal("bad_request", "A page keeps its streams. Load the page of the others.")
        with reading_paused(self.connection):
            await self.hub.watch(watcher, *parse_watch(message))

    async def message(self) -> dict[str, object]:
        """The client's next message. Raises Disconnected, or Refusal if it isn't a JSON object."""
        event: Message = await self.receive()
        if event["type"] == "websocket.disconnect":
            raise Disconnected
        text = event.get("text") or ""
        if len(text.encode()) > MAX_MESSAGE or len(event.get("bytes") or b"") > MAX_MESSAGE:
            raise Refusal("too_large", f"A message has at most {MAX_MESSAGE} bytes.")
        try:
            message = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise Refusal("bad_request", "A message is a JSON object.")
        return message

    async def refuse(self, refusal: Refusal) -> None:
        await self.close(refusal.close or self.connection.retry_code, FORMATS[self.format].error(refusal))

    async def come_back(self, error: Exception) -> None:
        await self.close(self.connection.retry_code)

    async def close(self, code: int, last: str = "") -> None:
        self.visit.code = code
        await self.say_last({"type": "websocket.close", "code": code}, last)


def accepted(subprotocol: str | None) -> Message:
    message = {"type": "websocket.accept"}
    return message | {"subprotocol": subprotocol} if subprotocol else message


def counted(times: deque[float] | None) -> deque[float]:
    """The times of the client's newest messages, with one at this moment. None before the first, to save memory: few
    clients ever send something. Raises Refusal if there are too many, because an answer costs more than a message."""
    now = asyncio.get_running_loop().time()
    times = times or deque([-MESSAGES_PERIOD] * MAX_MESSAGES, maxlen=MAX_MESSAGES)
    if now - times[0] < MESSAGES_PERIOD:
        raise Refusal("too_many_messages", f"At most {MAX_MESSAGES} in {MESSAGES_PERIOD:.0f} seconds.", 4429)
    times.append(now)
    return times


class NowhereConsumer(FeedConsumer):
    """Any other path. The handshake is accepted, because a refused one doesn't tell a program the reason."""

    async def serve(self, query: bytes, credential: Credential | None) -> None:
        raise Refusal(
            "not_found", f"There is no websocket at this path; the feed is at {latest_prefix()}{SOCKET}.", 4404
        )
