"""The websocket: authorise the client, start at its cursor, end."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs

import msgspec
from asgiref.sync import markcoroutinefunction
from channels.consumer import AsyncConsumer
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import parse_cookie

from feed import streams
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
from feed.hub import hub
from feed.hub.drain import ServerStopping
from feed.hub.scheduler import Stalled
from feed.hub.watcher import Watcher
from feed.numbers import parse_number
from feed.refusals import Refusal

MAX_MESSAGE = 4096
"""Bytes of a client's message."""
MAX_MESSAGES, MESSAGES_PERIOD = 50, 10.0
"""Messages that a client may send, and the seconds in which they count."""
CLOSE_TIMEOUT = 3.0
"""Seconds in which a client can read why its connection ends. A server that stops waits for that."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for in its URL."""

    streams: frozenset[str]
    format: str
    after: int | None
    epoch: str

    @classmethod
    def parse(cls, query: bytes) -> Self:
        """Raises Refusal, as soon as something can't be served."""
        try:
            values = parse_qs(query.decode(), keep_blank_values=True, max_num_fields=1000, errors="strict")
        except ValueError:
            raise Refusal("bad_request", "The query string can't be read.") from None
        return cls(
            streams=streams.parse(values.get("stream", [])),
            format=format_of(query),
            after=parse_cursor(values["after"][-1]) if "after" in values else None,
            epoch=values.get("log", [""])[-1],
        )


def format_of(query: bytes) -> str:
    name = parse_qs(query.decode(errors="replace")).get("format", ["json"])[-1]
    if name not in FORMATS:
        raise Refusal("bad_request", f"The format is one of {', '.join(FORMATS)}.")
    return name


def parse_cursor(value: object) -> int:
    """A cursor from a URL or a message. Raises Refusal."""
    number = parse_number(value)
    if number is None:
        raise Refusal("bad_cursor", "A cursor is a whole number that is not negative.")
    return number


def session_of(scope: Scope) -> str | None:
    """The key of the session that the client's cookie names."""
    cookies = parse_cookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin1"))
    return cookies.get(settings.SESSION_COOKIE_NAME)


class FeedConsumer(AsyncConsumer):
    """One connected websocket.

    Channels doesn't dispatch its messages: that would subscribe a channel for each watcher, and switch threads for each
    message.
    """

    @classmethod
    def as_asgi(cls, **initkwargs: Any) -> Any:  # an Application, which `path` doesn't take for a view
        """Like that of Channels, but without a coroutine that keeps the router's copy of the scope until the end."""

        def application(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            return cls(**initkwargs)(scope, receive, send)

        return markcoroutinefunction(application)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query, session, server_send = scope["query_string"], session_of(scope), scope.get("server_send", send)
        del scope  # it would live as long as the connection
        await receive()  # websocket.connect
        self.send, self.receive = send, receive
        self.connection = connection_for(server_send)  # before accepting: a client may flood the server at once
        try:
            await send_message(send, {"type": "websocket.accept"})
        except Disconnected:  # or its handshake was invalid
            return
        self.format = "json"
        try:
            await self.serve_or_end(query, session)
        except Disconnected:
            pass
        except (Stalled, TimeoutError):  # a client that doesn't read can't be told why
            self.connection.abort()
        finally:
            self.connection.close(CLOSE_TIMEOUT)

    async def serve_or_end(self, query: bytes, session: str | None) -> None:
        try:
            await self.serve(query, session)
        except Refusal as refusal:
            with reading_paused(self.connection):  # whatever else it sends
                await self.end(refusal.close or self.connection.retry_code, FORMATS[self.format].error(refusal))
        except ServerStopping:
            await self.end(self.connection.retry_code)
        except DatabaseError as error:
            logger.warning("A watcher was sent away, as the database can't be read: %s", error)
            await self.end(self.connection.retry_code)
        except (Disconnected, Stalled, TimeoutError):
            raise
        except Exception:
            logger.exception("A watcher was sent away, as it could not be served")
            await self.end(self.connection.retry_code)

    async def serve(self, query: bytes, session: str | None) -> None:
        self.format = format_of(query)
        request = Request.parse(query)
        self.hub = hub()
        if type(self.connection) is not Connection:  # an unknown server may have other signals
            self.hub.drain_on_stop()
        after, epoch = request.after, request.epoch
        if request.format == "html" and after is None:
            after, epoch = await self.hello()
        watcher = Watcher(request.streams, request.format, self.connection, epoch=epoch)
        try:
            async with asyncio.timeout(None) as watcher.cancel_scope:
                await self.join(watcher, after, session)
                await self.listen(watcher)
        except TimeoutError:
            raise watcher.reason or TimeoutError from None
        finally:
            self.hub.leave(watcher)

    async def join(self, watcher: Watcher, after: int | None, session: str | None) -> None:
        with reading_paused(self.connection):
            watcher.login = await self.hub.sessions.find(session) if session else None
            if not after:  # a client that resumes must hear that its thread or user was deleted
                await self.hub.check(watcher.streams)
            await self.hub.join(watcher, after)

    async def hello(self) -> tuple[int, str]:
        """The first message of a page: its cursor and its log."""
        async with asyncio.timeout(conf.FEED_STALL):
            message = await self.message()
        return parse_cursor(message.get("after")), str(message.get("log", ""))

    async def listen(self, watcher: Watcher) -> None:
        loop = asyncio.get_running_loop()
        times: deque[float] | None = None  # few clients ever send something
        while True:
            message = await self.message()
            times = times or deque([-MESSAGES_PERIOD] * MAX_MESSAGES, maxlen=MAX_MESSAGES)
            if loop.time() - times[0] < MESSAGES_PERIOD:  # an answer costs more than a message
                raise Refusal("too_many_messages", f"At most {MAX_MESSAGES} in {MESSAGES_PERIOD:.0f} seconds.", 4429)
            times.append(loop.time())
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
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await self.connection.writable()
            if last:
                self.connection.write(Frame(last))
                await self.connection.writable()
            await send_message(self.send, {"type": "websocket.close", "code": code})


class NowhereConsumer(FeedConsumer):
    """Any other path. Accepted to be told so: a refused handshake tells a program nothing."""

    async def serve(self, query: bytes, session: str | None) -> None:
        raise Refusal("not_found", "There is no websocket at this path; the feed is at /ws/feed/.", 4404)
