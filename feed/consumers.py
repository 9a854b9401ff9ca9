"""The websocket: authorise the client, start at its cursor, end."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable
from typing import Any

import msgspec
from asgiref.sync import markcoroutinefunction
from channels.consumer import AsyncConsumer
from django.db import Error as DatabaseError

from feed.conf import conf
from feed.connection import connection_for
from feed.connection.asgi import (
    Connection,
    Disconnected,
    Message,
    Receive,
    Scope,
    Send,
    reading_paused,
    send_message,
)
from feed.frames.formats import FORMATS, Frame
from feed.handshake import Request, credential_of, format_of, header_of, parse_cursor, subprotocol_of, visitor_of
from feed.hub import hub
from feed.hub.drain import ServerStopping
from feed.hub.scheduler import Stalled
from feed.hub.watcher import Credential, Watcher
from feed.logging.request_ids import of_socket
from feed.paths import SOCKET, latest_prefix
from feed.refusals import Refusal
from feed.visit import Visit

MAX_MESSAGE = 4096
"""Bytes of a message. A larger one is refused with a reason; from the budget's MAX_MESSAGE on it isn't even read."""
MAX_MESSAGES, MESSAGES_PERIOD = 50, 10.0
"""Messages that a client may send, and the seconds in which they count."""
CLOSE_TIMEOUT = 3.0
"""Seconds in which a client can read why its connection ends. A server that stops waits for that."""

logger = logging.getLogger(__name__)


class FeedConsumer(AsyncConsumer):
    """One connected websocket: `run` accepts it, `begin` reads what the client asks for, `join` authorises the client
    and starts its frames, `listen` answers its messages, and `end` says why it is closed. The hub sends the frames.

    Its messages aren't dispatched by Channels, which would subscribe a channel for each watcher, and switch threads for
    each message.
    """

    format = "json"
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
        self.visit = Visit(of_socket(scope["query_string"], header_of(scope, b"x-request-id")))
        return self.run(scope["query_string"], credential_of(scope), scope.get("server_send", send))

    async def run(self, query: bytes, credential: Credential | None, server_send: Send) -> None:
        await self.receive()  # websocket.connect
        self.connection = connection_for(server_send)  # before accepting: a client may flood the server at once
        try:
            await send_message(self.send, accepted(self.subprotocol))
        except Disconnected:  # or its handshake was invalid
            return
        try:
            await self.serve_or_say_why(query, credential)
        except Disconnected:
            pass
        except (Stalled, TimeoutError):  # a client that doesn't read can't be told why
            self.connection.abort()
        finally:
            self.connection.close(CLOSE_TIMEOUT)
            self.visit.log(self.format, self.connection.server)

    async def serve_or_say_why(self, query: bytes, credential: Credential | None) -> None:
        """Serve the client. Whatever ends that, except the client itself, closes the connection with a code."""
        try:
            with self.visit:
                await self.serve(query, credential)
        except Refusal as refusal:
            with reading_paused(self.connection):  # it may go on sending
                await self.end(refusal.close or self.connection.retry_code, FORMATS[self.format].error(refusal))
        except ServerStopping:
            await self.end(self.connection.retry_code)
        except DatabaseError as error:
            logger.warning("A watcher has to connect again, because the database can't be read: %s", error)
            await self.end(self.connection.retry_code)
        except (Disconnected, Stalled, TimeoutError):
            raise
        except Exception:
            logger.exception("A watcher has to connect again, because serving it failed")
            await self.end(self.connection.retry_code)

    async def serve(self, query: bytes, credential: Credential | None) -> None:
        watcher, after = await self.begin(query)
        try:
            async with asyncio.timeout(None) as watcher.cancel_scope:
                await self.join(watcher, after, credential)
                await self.listen(watcher)
        except TimeoutError:
            raise watcher.reason or TimeoutError from None
        finally:
            self.hub.leave(watcher)

    async def begin(self, query: bytes) -> tuple[Watcher, int | None]:
        """The watcher that the client asks for, and the cursor to start it at. Raises Refusal."""
        self.format = format_of(query)
        request = Request.parse(query)
        self.hub = hub()
        if type(self.connection) is not Connection:  # an unknown server may have other signals
            self.hub.drain_on_stop()
        after, epoch = request.after, request.epoch
        if self.format == "html" and after is None:
            after, epoch = await self.hello()
        watcher = Watcher(request.streams, self.format, self.connection, epoch=epoch, visitor=self.visitor)
        watcher.is_counted = request.presence
        self.visit.watcher = watcher
        return watcher, after

    async def join(self, watcher: Watcher, after: int | None, credential: Credential | None) -> None:
        with reading_paused(self.connection):
            # A client that resumes must hear that its thread or user was deleted.
            await self.hub.authorise(watcher, credential, must_exist=not after)
            if self.page_user not in (None, watcher.login.user if watcher.login else ""):
                raise Refusal("other_user", "Somebody else is logged in now. Load the page again.", 4401)
            await self.hub.join(watcher, after)

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
            elif self.format == "html" and "after" in message:
                # The page has loaded older rows, which were read at this cursor. What changed since then is sent again.
                self.hub.rewind(watcher, parse_cursor(message["after"]))
            else:
                raise Refusal("bad_request", 'A client sends {"type": "ping"} and nothing else.')

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

    async def end(self, code: int, last: str = "") -> None:
        """Close the connection. Raises TimeoutError if the client doesn't read."""
        self.visit.code = code
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await self.connection.writable()
            if last:
                self.connection.write(Frame(last))
                await self.connection.writable()
            await send_message(self.send, {"type": "websocket.close", "code": code})


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
