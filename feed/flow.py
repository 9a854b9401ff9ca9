"""Flow control: who doesn't read is neither written to nor read from.

ASGI has no word for it. uvicorn's `send` waits for a slow client, but goes on answering its pings; Daphne's
`send` never waits, and its memory grows with what the client doesn't read and with what nobody has taken yet of
what it sends. So the transports are asked: Twisted's by its producers, asyncio's by the protocol's callbacks.
Under any other server a `send` is taken at its word.

Both write until the kernel takes no more, and the kernel takes megabytes for each client. So it is told to call a
connection full much earlier: what waits there is memory, too, and who reads slowly could not be told from who
doesn't read, as half of it has to be read before the connection counts as writable again.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

SERVICE_RESTART, COME_BACK = 1012, 4012
"""Close codes for what is not the client's fault: the registered one, and ours where the server can't send that."""

MOST_UNSENT = 16 * 1024
"""Bytes that may wait for a client in the kernel, and again in its transport, before it is written to no more."""
RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: forget what is unsent, and say so."""

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Flow(Protocol):
    """The flow of one connection, from when it was accepted.

    come_back: the close code, of those that the server can send, which says that the client should connect again.
    """

    come_back: int

    async def writable(self) -> None:
        """Wait until the client has read most of what it was sent. Who writes before that has it kept in memory."""

    def hold(self) -> None:
        """Read nothing from the client until `release`."""

    def release(self) -> None: ...

    def abort(self) -> None:
        """End the connection without waiting for the client."""

    def finish(self, patience: float) -> None:
        """Let the connection end, and abort it if the client hasn't read what it was sent after so many seconds."""


@contextmanager
def held(flow: Flow) -> Iterator[None]:
    """Read nothing from the client meanwhile."""
    flow.hold()
    try:
        yield
    finally:
        flow.release()


class TrustedFlow:
    """For a server whose transport is not known: its `send` and `receive` have to wait by themselves."""

    come_back = COME_BACK

    async def writable(self) -> None:
        return

    def hold(self) -> None:
        return

    def release(self) -> None:
        return

    def abort(self) -> None:
        return

    def finish(self, patience: float) -> None:
        return


class AsyncioFlow:
    """uvicorn: it stops reading when a message has come, and its `send` waits, but pongs are written regardless."""

    come_back = SERVICE_RESTART

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._transport: asyncio.Transport = protocol.transport
        self._writable = asyncio.Event()
        self._writable.set()
        self._pause, self._resume = protocol.pause_writing, protocol.resume_writing
        protocol.pause_writing, protocol.resume_writing = self.pause_writing, self.resume_writing
        self._transport.set_write_buffer_limits(MOST_UNSENT)
        fill_sooner(self._transport.get_extra_info("socket"))

    def pause_writing(self) -> None:
        self._writable.clear()
        self._pause()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._writable.set()
        self._resume()
        if not getattr(self._protocol, "read_paused", False):  # it has messages that nobody has taken yet
            self._transport.resume_reading()

    async def writable(self) -> None:
        await self._writable.wait()

    def hold(self) -> None:
        return

    def release(self) -> None:
        return

    def abort(self) -> None:
        # Without this the kernel goes on trying to send what it still holds, and the client isn't told.
        with suppress(OSError):  # it has ended meanwhile
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._transport.abort()

    def finish(self, patience: float) -> None:
        # A transport that closes writes what it still holds first, however long that takes; and a client that was
        # told of the end may never answer.
        asyncio.get_running_loop().call_later(patience, self.abort)


class TwistedFlow:
    """Daphne: a push producer (twisted.internet.interfaces.IPushProducer) of its connection's transport."""

    come_back = COME_BACK  # autobahn sends no code below 3000 but 1000

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._held = False
        self._writable = asyncio.Event()
        self._writable.set()
        transport.bufferSize = MOST_UNSENT
        fill_sooner(transport.getHandle())
        # The HTTP channel under the websocket has registered itself.
        transport.unregisterProducer()
        transport.registerProducer(self, True)

    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's name)
        self._writable.clear()
        self._read_or_not()

    def resumeProducing(self) -> None:  # noqa: N802
        self._writable.set()
        self._read_or_not()

    def stopProducing(self) -> None:  # noqa: N802
        self._writable.set()

    def hold(self) -> None:
        self._held = True
        self._read_or_not()

    def release(self) -> None:
        self._held = False
        self._read_or_not()

    def _read_or_not(self) -> None:
        if self._held or not self._writable.is_set():
            self._transport.pauseProducing()
        else:
            self._transport.resumeProducing()

    async def writable(self) -> None:
        await self._writable.wait()

    def abort(self) -> None:
        self._transport.abortConnection()

    def finish(self, patience: float) -> None:
        return  # autobahn has a time limit of its own for the end of a connection


def fill_sooner(own: Any) -> None:
    """Have the kernel call this socket full with so much unsent, if it is TCP's, and where the kernel can."""
    if getattr(own, "family", None) in {socket.AF_INET, socket.AF_INET6} and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT)


def flow_of(send: Send) -> Flow:
    """The flow control of the connection that the server's own `send` belongs to, once it has been accepted."""
    twisted = getattr(next(iter(getattr(send, "args", ())), None), "transport", None)
    if hasattr(twisted, "registerProducer"):
        return TwistedFlow(twisted)
    protocol = getattr(send, "__self__", None)
    if isinstance(getattr(protocol, "transport", None), asyncio.Transport) and hasattr(protocol, "pause_writing"):
        return AsyncioFlow(protocol)
    return TrustedFlow()


def remember_send(application: Application) -> Application:
    """Middleware: keep the server's own `send` in the scope, before other middleware wraps it."""

    async def remembering(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, "server_send": send}, receive, send)

    return remembering
