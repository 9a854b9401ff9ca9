"""Flow control: a watcher is sent a frame only when its client reads.

ASGI has no word for it. uvicorn's `send` waits for a slow client; Daphne's never does, and its memory grows
with what the client doesn't read, so there Twisted's own flow control is asked. Under any other server a
`send` is taken at its word.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Flow(Protocol):
    async def writable(self) -> None:
        """Wait until the client has read most of what it was sent."""

    def abort(self) -> None:
        """End the connection without waiting for the client."""


class TrustedFlow:
    """For a server whose transport is not known: `send` itself has to wait."""

    async def writable(self) -> None:
        return

    def abort(self) -> None:
        return


class AsyncioFlow:
    """uvicorn: `send` waits by itself; the transport is needed for the end of a client that never reads."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport

    async def writable(self) -> None:
        return

    def abort(self) -> None:
        self._transport.abort()


class TwistedFlow:
    """Daphne: a push producer (twisted.internet.interfaces.IPushProducer) that only remembers its state."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._writable = asyncio.Event()
        self._writable.set()
        # The HTTP channel under the websocket has registered itself.
        transport.unregisterProducer()
        transport.registerProducer(self, True)

    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's name)
        self._writable.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._writable.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._writable.set()

    async def writable(self) -> None:
        await self._writable.wait()

    def abort(self) -> None:
        self._transport.abortConnection()


def flow_of(send: Send) -> Flow:
    """The flow control of the connection that the server's own `send` belongs to, once it has been accepted."""
    twisted = getattr(next(iter(getattr(send, "args", ())), None), "transport", None)
    if hasattr(twisted, "registerProducer"):
        return TwistedFlow(twisted)
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if isinstance(transport, asyncio.WriteTransport):
        return AsyncioFlow(transport)
    return TrustedFlow()


def remember_send(application: Application) -> Application:
    """Middleware: keep the server's own `send` in the scope, before other middleware wraps it."""

    async def remembering(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, "server_send": send}, receive, send)

    return remembering
