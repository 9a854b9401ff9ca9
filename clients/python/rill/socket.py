"""One connection of the websocket: its frames, and why it ended."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from .errors import Disconnected, RillError, of_close, of_status
from .timing import Timing

MAX_MESSAGE = 4096
"""Bytes. json.dumps writes ASCII."""
PING = {"type": "ping"}


class Socket:
    """Reads frames. Notices a dead connection: it asks a silent server for a frame."""

    def __init__(self, websocket: ClientConnection, timing: Timing) -> None:
        self._websocket = websocket
        self._timing = timing
        self._last: dict[str, Any] | None = None

    async def frame(self) -> dict[str, Any]:
        """The next frame. Raises Disconnected, or Refused if connecting again is of no use."""
        try:
            frame = read(await self._message())
        except ConnectionClosed:
            raise of_close(self._websocket.close_code, self._last) from None
        except TimeoutError:
            self._websocket.transport.abort()  # closing would wait for an answer, too
            raise Disconnected("The server is silent, and doesn't answer a ping.") from None
        if frame["type"] == "error":
            self._last = frame
        return frame

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send it, unless the connection is lost, which the next frame tells. What the server would refuse for its size
        ends the connection instead: the next one says it in its URL."""
        text = json.dumps(message)
        try:
            async with asyncio.timeout(self._timing.timeout):
                await (self._websocket.close() if len(text) > MAX_MESSAGE else self._websocket.send(text))
        except (ConnectionClosed, TimeoutError):
            pass

    async def _message(self) -> str | bytes:
        try:
            async with asyncio.timeout(self._timing.patience):
                return await self._websocket.recv()
        except TimeoutError:
            await self.send(PING)
        async with asyncio.timeout(self._timing.timeout):
            return await self._websocket.recv()


def read(message: str | bytes) -> dict[str, Any]:
    """The frame in the message. Raises Disconnected if there is none: what follows may be wrong, too."""
    try:
        frame = json.loads(message)
        assert isinstance(frame["type"], str)
    except (ValueError, KeyError, TypeError, AssertionError, RecursionError):
        raise Disconnected(f"The server sent something that is no frame: {message[:80]!r}") from None
    else:
        assert isinstance(frame, dict)
        return frame


@asynccontextmanager
async def opened(url: str, headers: Mapping[str, str], timing: Timing) -> AsyncIterator[Socket]:
    """A connected socket. Raises Disconnected if there is none now, and Refused if there won't be one."""
    # The ping of the protocol says that the connection is alive. That of the websocket would only say that a proxy is.
    connecting = connect(
        url,
        additional_headers=headers,
        max_size=None,
        ping_interval=None,
        open_timeout=timing.timeout,
        close_timeout=timing.timeout,
    )
    try:
        websocket = await connecting
    except (OSError, InvalidHandshake, ConnectionClosed) as error:
        raise of_handshake(error) from error
    async with websocket:
        yield Socket(websocket, timing)


def of_handshake(error: Exception) -> RillError:
    """The error for a handshake that failed."""
    message = f"The connection failed: {error or 'no answer in time'}"
    if not isinstance(error, InvalidStatus):
        return Disconnected(message)
    response = error.response
    return of_status(response.status_code, message, "", response.headers.get("Retry-After"))
