"""Flow: how frames reach a client, and how who doesn't read is neither written to nor read from.

ASGI has a `send`, and no word for flow control. uvicorn's waits for a slow client, but goes on answering its pings;
Daphne's never waits, and its memory grows with what the client doesn't read and with what nobody has taken yet of
what it sends. Both make the same message anew for every client, and that is most of what a frame costs. So the
transports are used where they are known (`feed.transports`). Under any other server, and to clients with which
compression was agreed, a frame is sent by ASGI's `send`, which is taken at its word.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from feed.frames import Frame

COME_BACK = 4012
"""Our close code for what is not the client's fault, where the server can't send the registered one."""

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gone(Exception):
    """The client has closed the connection."""


async def send_or_gone(send: Send, message: Message) -> None:
    """Send by the server's `send`, but raise Gone if the connection has ended: by ASGI's word that is OSError, and by
    Daphne's (autobahn.exception.Disconnected) and uvicorn's RuntimeError."""
    try:
        await send(message)
    except (OSError, RuntimeError) as error:
        raise Gone from error


class Flow:
    """The flow of one connection, by ASGI's `send` alone.

    come_back: the close code, of those that the server can send, which says that the client should connect again.
    is_writable: whether the client has read most of what it was sent. Who writes before that has it kept in memory.
    on_writable: called whenever it is writable again.
    """

    come_back = COME_BACK

    def __init__(self, send: Send) -> None:
        self.is_writable = True
        self.on_writable: Callable[[], None] | None = None
        self._send = send
        self._sending: asyncio.Task[None] | None = None
        self._awaited: asyncio.Future[None] | None = None

    def write(self, frame: Frame) -> None:
        """Send the frame. One to a client that has gone is lost."""
        self._pause()
        self._sending = asyncio.create_task(self._send_by_asgi(frame))

    async def writable(self) -> None:
        while not self.is_writable:
            self._awaited = self._awaited or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._awaited)

    def hold(self) -> None:
        """Read nothing from the client until `release`."""

    def release(self) -> None:
        """Read from the client again."""

    def abort(self) -> None:
        """End the connection without waiting for the client."""

    def finish(self, patience: float) -> None:
        """Let the connection end, and abort it if the client hasn't read what it was sent after so many seconds."""
        if self._sending:
            self._sending.cancel()

    async def _send_by_asgi(self, frame: Frame) -> None:
        with suppress(Gone):  # the server says so by `receive`, too
            await send_or_gone(self._send, {"type": "websocket.send", "text": frame.text})
            self._resume()

    def _pause(self) -> None:
        self.is_writable = False

    def _resume(self) -> None:
        self.is_writable = True
        if self._awaited and not self._awaited.done():
            self._awaited.set_result(None)
        self._awaited = None
        if self.on_writable:
            self.on_writable()


@contextmanager
def held(flow: Flow) -> Iterator[None]:
    """Read nothing from the client meanwhile."""
    flow.hold()
    try:
        yield
    finally:
        flow.release()


def remember_send(application: Application) -> Application:
    """Middleware: keep the server's own `send` in the scope, before other middleware wraps it."""

    def remembering(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        scope["server_send"] = send  # not in a copy, which would be kept for as long as the connection
        return application(scope, receive, send)

    return remembering
