"""Reads server-sent events like a connection of the library websockets, so that a watcher can have either."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import Close
from websockets.http11 import Response

from tests.support.events import EventParser

END_CODES = {"session_ended": 4401, "bad_token": 4401}
"""The close code of the websocket for each `error` frame. 4400 for all others."""
COME_BACK = 4012
"""What a response that ends without an `error` frame says."""
LIMIT = 16 * 1024
"""Bytes that are read ahead."""
OPEN_TIMEOUT = 20.0
"""Seconds until the head of the response."""


class EventStream:
    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._parser = EventParser()
        self._code = COME_BACK

    async def begin(self) -> None:
        """Read the head of the response. Raises InvalidStatus if it isn't a stream."""
        status = int((await self._reader.readline() or b"HTTP/1.1 502").split()[1])
        headers = Headers()
        while line := (await self._reader.readline()).decode().strip():
            name, _, value = line.partition(":")
            headers[name] = value.strip()
        if status in {401, 403, 404}:
            raise ConnectionClosedError(Close(4000 + status, ""), None)
        if status != 200 or headers["Transfer-Encoding"] != "chunked":
            raise InvalidStatus(Response(status, "", headers))

    async def recv(self, decode: bool = True) -> str:
        """The data of the next event. Raises ConnectionClosed."""
        while not self._parser.events:
            self._parser.feed(await self._chunk())
        text = self._parser.events.pop(0)
        if text.startswith('{"type":"error"'):
            self._code = END_CODES.get(json.loads(text)["code"], 4400)
        return text

    async def send(self, text: str) -> None:
        """There is nothing to say: a heartbeat takes the place of a ping."""

    async def _chunk(self) -> bytes:
        try:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            data = await self._reader.readexactly(size + 2)
        except (OSError, asyncio.IncompleteReadError):
            raise ConnectionClosedError(None, None) from None
        if not size:
            raise ConnectionClosedError(Close(self._code, ""), None)
        return data[:-2]


@asynccontextmanager
async def event_stream(
    url: str, headers: Mapping[str, str], sock: socket.socket | None = None
) -> AsyncIterator[EventStream]:
    """Raises OSError, TimeoutError, InvalidStatus, and ConnectionClosed for a request that is refused for good."""
    to = urlsplit(url)
    where: dict[str, Any] = {"sock": sock} if sock else {"host": to.hostname, "port": to.port}
    async with asyncio.timeout(OPEN_TIMEOUT):
        reader, writer = await asyncio.open_connection(limit=LIMIT, **where)
    try:
        lines = [f"GET {to.path}?{to.query} HTTP/1.1", f"Host: {to.netloc}", *(f"{k}: {v}" for k, v in headers.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        stream = EventStream(reader)
        async with asyncio.timeout(OPEN_TIMEOUT):
            await stream.begin()
        yield stream
    finally:
        writer.transport.abort()
