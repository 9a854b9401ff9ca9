"""The door of the websocket: authorise, start at the cursor, send, stop."""

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
from feed.flow import Flow, Gone, Message, Receive, Scope, Send, held, send_or_gone
from feed.frames import FORMATS, Frame
from feed.goodbye import ComeBack
from feed.hub import hub
from feed.refusals import Refusal
from feed.sending import Stalled
from feed.tail import Watcher
from feed.transports import flow_of

LARGEST_MESSAGE = 4096
"""Bytes that a client may send in one message."""
MOST_MESSAGES, MESSAGES_PERIOD = 50, 10.0
"""So many messages may a client send in so many seconds."""
LAST_WORDS = 3.0
"""Seconds in which a client whose connection ends may read what it was sent; a server that stops waits for it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for in its URL: which streams, in which format, and from where."""

    streams: frozenset[str]
    format: str
    after: int | None
    log: str

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
            log=values.get("log", [""])[-1],
        )


def format_of(query: bytes) -> str:
    name = parse_qs(query.decode(errors="replace")).get("format", ["json"])[-1]
    if name not in FORMATS:
        raise Refusal("bad_request", f"The format is one of {', '.join(FORMATS)}.")
    return name


def parse_cursor(value: object) -> int:
    """A cursor from a URL or a message. Raises Refusal."""
    if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18):
        raise Refusal("bad_cursor", "A cursor is a whole number that is not negative.")
    return int(value)


def session_of(scope: Scope) -> str | None:
    """The key of the session that the client's cookie names."""
    cookies = parse_cookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin1"))
    return cookies.get(settings.SESSION_COOKIE_NAME)


class FeedConsumer(AsyncConsumer):
    """One connected websocket.

    Not dispatched by Channels: that would subscribe a channel of its own for every watcher, and hop to
    another thread for every message.
    """

    @classmethod
    def as_asgi(cls, **initkwargs: Any) -> Any:  # an Application, which `path` doesn't take for a view
        """As that of Channels, but without a coroutine that keeps the router's copy of the scope until the end."""

        def application(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            return cls(**initkwargs)(scope, receive, send)

        return markcoroutinefunction(application)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query, session, server_send = scope["query_string"], session_of(scope), scope.get("server_send", send)
        del scope  # so much is kept of it for as long as the connection
        await receive()  # websocket.connect
        self.send, self.receive = send, receive
        self.flow = flow_of(server_send)  # before it accepts: a client may flood without waiting for that
        try:
            await send_or_gone(send, {"type": "websocket.accept"})
        except Gone:  # or its handshake was broken, as the server has found out meanwhile
            return
        self.format = "json"
        try:
            await self.serve_or_end(query, session)
        except Gone:
            pass
        except (Stalled, TimeoutError):  # a client that never reads can't be told anything
            self.flow.abort()
        finally:
            self.flow.finish(LAST_WORDS)

    async def serve_or_end(self, query: bytes, session: str | None) -> None:
        try:
            await self.serve(query, session)
        except Refusal as refusal:
            with held(self.flow):  # whatever else it has to say
                await self.end(refusal.close or self.flow.come_back, FORMATS[self.format].error(refusal))
        except ComeBack:
            await self.end(self.flow.come_back)
        except DatabaseError as error:
            logger.warning("A watcher was sent away, as the database can't be read: %s", error)
            await self.end(self.flow.come_back)
        except (Gone, Stalled, TimeoutError):
            raise
        except Exception:
            logger.exception("A watcher was sent away, as it could not be served")
            await self.end(self.flow.come_back)

    async def serve(self, query: bytes, session: str | None) -> None:
        self.format = format_of(query)
        request = Request.parse(query)
        self.hub = hub()
        if type(self.flow) is not Flow:  # of an unknown server the signals aren't known either
            self.hub.be_ready_to_stop()
        after, log = request.after, request.log
        if request.format == "html" and after is None:
            after, log = await self.hello()
        watcher = Watcher(request.streams, request.format, self.flow, log=log)
        try:
            async with asyncio.timeout(None) as watcher.leash:
                await self.join(watcher, after, session)
                await self.listen(watcher)
        except TimeoutError:
            raise watcher.reason or TimeoutError from None
        finally:
            self.hub.leave(watcher)

    async def join(self, watcher: Watcher, after: int | None, session: str | None) -> None:
        with held(self.flow):
            watcher.login = await self.hub.sessions.find(session) if session else None
            if not after:  # who resumes is served even if its subject is gone: that is what it has to hear
                await self.hub.check(watcher.streams)
            await self.hub.join(watcher, after)

    async def hello(self) -> tuple[int, str]:
        """The first message of a page: its cursor, and the log that it counts in."""
        async with asyncio.timeout(settings.FEED_STALL):
            message = await self.message()
        return parse_cursor(message.get("after")), str(message.get("log", ""))

    async def listen(self, watcher: Watcher) -> None:
        loop = asyncio.get_running_loop()
        times: deque[float] | None = None  # few clients ever say something
        while True:
            message = await self.message()
            times = times or deque([-MESSAGES_PERIOD] * MOST_MESSAGES, maxlen=MOST_MESSAGES)
            if loop.time() - times[0] < MESSAGES_PERIOD:  # each is cheap to send, and may be dear to answer
                raise Refusal("too_many_messages", f"At most {MOST_MESSAGES} in {MESSAGES_PERIOD:.0f} seconds.", 4429)
            times.append(loop.time())
            if message.get("type") == "ping":
                self.hub.answer(watcher)
            elif self.format == "html" and "after" in message:
                # The page has put in rows that were read at this cursor: what changed since then may be
                # missing in them, and comes again.
                self.hub.go_back(watcher, parse_cursor(message["after"]))
            else:
                raise Refusal("bad_request", 'A client sends {"type": "ping"} and nothing else.')

    async def message(self) -> dict[str, object]:
        """The next message of the client. Raises Gone, or Refusal if it is not a JSON object."""
        event: Message = await self.receive()
        if event["type"] == "websocket.disconnect":
            raise Gone
        text = event.get("text") or ""
        if len(text.encode()) > LARGEST_MESSAGE or len(event.get("bytes") or b"") > LARGEST_MESSAGE:
            raise Refusal("too_large", f"A message has at most {LARGEST_MESSAGE} bytes.")
        try:
            message = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise Refusal("bad_request", "A message is a JSON object.")
        return message

    async def end(self, code: int, last: str = "") -> None:
        """Close the connection. Raises TimeoutError if the client doesn't read."""
        async with asyncio.timeout(LAST_WORDS):
            await self.flow.writable()
            if last:
                self.flow.write(Frame(last))
                await self.flow.writable()
            await send_or_gone(self.send, {"type": "websocket.close", "code": code})


class NowhereConsumer(FeedConsumer):
    """Any other path: told so, as a refused handshake would tell a program nothing."""

    async def serve(self, query: bytes, session: str | None) -> None:
        raise Refusal("not_found", "There is no websocket at this path; the feed is at /ws/feed/.", 4404)
