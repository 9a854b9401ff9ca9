"""The connection under any ASGI server, by `send` alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from feed.frames.formats import Frame

RETRY_CODE = 4012
"""Our close code for "connect again", where the server can't send the registered one."""

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Disconnected(Exception):
    """The client has closed the connection."""


async def send_message(send: Send, message: Message) -> None:
    """Send by the server's `send`. Raises Disconnected if the connection has ended: for that ASGI has OSError, and
    Daphne (autobahn.exception.Disconnected) and uvicorn have RuntimeError."""
    try:
        await send(message)
    except (OSError, RuntimeError) as error:
        raise Disconnected from error


class Connection:
    """
    can_drain: whether it is known how its server stops. Another one may have other signals.
    server: which server it is of, for people.
    way: how its client came, if that isn't a websocket.
    retry_code: the close code for "connect again" that this server can send.
    is_writable: whether the client has read most of what it was sent. What is written when it hasn't stays in memory.
    on_writable: called whenever it becomes writable again.
    """

    can_drain = False
    server = "other"
    way = ""
    retry_code = RETRY_CODE

    def __init__(self, send: Send) -> None:
        self.is_writable = True
        self.on_writable: Callable[[], None] | None = None
        self._send = send
        self._sending: asyncio.Task[None] | None = None
        self._until_writable: asyncio.Future[None] | None = None

    def as_message(self, frame: Frame) -> Message:
        return {"type": "websocket.send", "text": frame.text}

    def write(self, frame: Frame) -> None:
        """Send the frame. It is lost if the client has disconnected."""
        self._pause_writing()
        self._sending = asyncio.create_task(self._send_by_asgi(frame))

    async def writable(self) -> None:
        while not self.is_writable:
            self._until_writable = self._until_writable or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._until_writable)

    def received(self, data: bytes) -> None:
        """Take data that the transport has read, where the connection stands before the server's protocol."""

    def pause_reading(self) -> None:
        """Read nothing from the client until `resume_reading`."""

    def resume_reading(self) -> None:
        """Read from the client again."""

    def abort(self) -> None:
        """Cut the connection."""

    def close(self, timeout: float) -> None:
        """Let the connection end. Cut it if the client hasn't read everything after `timeout` seconds."""
        if self._sending:
            self._sending.cancel()

    async def _send_by_asgi(self, frame: Frame) -> None:
        with suppress(Disconnected):  # `receive` will tell the consumer
            await send_message(self._send, self.as_message(frame))
            self._resume_writing()

    def _pause_writing(self) -> None:
        self.is_writable = False

    def _resume_writing(self) -> None:
        self.is_writable = True
        if self._until_writable:
            self._until_writable.set_result(None)
            self._until_writable = None
        if self.on_writable:
            self.on_writable()


@contextmanager
def reading_paused(connection: Connection) -> Iterator[None]:
    """Read nothing from the client meanwhile."""
    connection.pause_reading()
    try:
        yield
    finally:
        connection.resume_reading()


def remember_send(application: Application) -> Application:
    """Middleware: put the server's own `send` into the scope, before other middleware wraps it."""

    def remembering(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        scope["server_send"] = send  # not in a copy, which would live as long as the connection
        return application(scope, receive, send)

    return remembering
