"""What the websocket and server-sent events share: authorise the client, start it at its cursor, end it.

A door knows how to talk to its client. The hub doesn't know which door a watcher came through.
"""

import asyncio
import logging

from django.db import Error as DatabaseError

from feed.connection.asgi import Connection, Disconnected, Message, Send, reading_paused, send_message
from feed.frames.formats import Frame
from feed.handshake import Request
from feed.hub import Hub, hub
from feed.hub.drain import ServerStopping
from feed.hub.scheduler import Stalled
from feed.hub.watcher import Credential, Watcher
from feed.refusals import Refusal
from feed.visit import Visit

CLOSE_TIMEOUT = 3.0
"""Seconds in which a client can read why its connection ends. A server that stops waits for that."""

logger = logging.getLogger(__name__)


class Door:
    """One client. `open` finds its connection, `begin` reads what the client asks for, `join` authorises it and starts
    its frames, `listen` waits for what it says, and `refuse` or `come_back` says why it is ended. The hub sends the
    frames.
    """

    format = "json"
    visit: Visit
    send: Send
    hub: Hub
    connection: Connection
    visitor = ""

    async def run(self, query: bytes, credential: Credential | None) -> None:
        try:
            await self.open()
        except Disconnected:
            return
        try:
            await self.serve_or_say_why(query, credential)
        except Disconnected:
            pass
        except (Stalled, TimeoutError):
            await self.cut()
        finally:
            self.connection.close(CLOSE_TIMEOUT)
            self.visit.log(self.name, self.connection.server)

    @property
    def name(self) -> str:
        """What logs call this door."""
        return self.connection.way or self.format

    async def serve_or_say_why(self, query: bytes, credential: Credential | None) -> None:
        """Serve the client. Whatever ends that, except the client itself, is told to it."""
        try:
            with self.visit:
                await self.serve(query, credential)
        except Refusal as refusal:
            with reading_paused(self.connection):  # it may go on sending
                await self.refuse(refusal)
        except ServerStopping as stopping:
            await self.come_back(stopping)
        except DatabaseError as error:
            logger.warning("A watcher has to connect again, because the database can't be read: %s", error)
            await self.come_back(error)
        except (Disconnected, Stalled, TimeoutError):
            raise
        except Exception as error:
            logger.exception("A watcher has to connect again, because serving it failed")
            await self.come_back(error)

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
        request = Request.parse(query)
        self.hub = hub()
        after, epoch = await self.start(request)
        watcher = Watcher(request.streams, self.format, self.connection, epoch=epoch, visitor=self.visitor)
        watcher.is_counted = request.presence
        self.visit.watcher = watcher
        return watcher, after

    async def join(self, watcher: Watcher, after: int | None, credential: Credential | None) -> None:
        with reading_paused(self.connection):
            # A client that resumes must hear that its thread or user was deleted.
            await self.hub.authorise(watcher, credential, must_exist=not after)
            await self.admit(watcher)
            if self.connection.can_drain:
                self.hub.drain_on_stop()
            await self.hub.join(watcher, after)

    async def say_last(self, message: Message, last: str = "") -> None:
        """End the connection with this ASGI message, after a last frame. Raises TimeoutError if the client doesn't
        read."""
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await self.connection.writable()
            if last:
                self.connection.write(Frame(last))
                await self.connection.writable()
            await send_message(self.send, message)

    async def cut(self) -> None:
        """Cut the connection: a client that doesn't read can't be told why."""
        self.connection.abort()

    async def open(self) -> None:
        """Find the connection. Raises Disconnected."""
        raise NotImplementedError

    async def start(self, request: Request) -> tuple[int | None, str]:
        """The cursor that the client starts at, and the log that it counts in."""
        return request.after, request.epoch

    async def admit(self, watcher: Watcher) -> None:
        """The client is authorised, and its frames are about to come. Raises Refusal."""

    async def listen(self, watcher: Watcher) -> None:
        """Answer what the client says. Raises Disconnected when it leaves."""
        raise NotImplementedError

    async def refuse(self, refusal: Refusal) -> None:
        raise NotImplementedError

    async def come_back(self, error: Exception) -> None:
        """Tell the client to connect again."""
        raise NotImplementedError
