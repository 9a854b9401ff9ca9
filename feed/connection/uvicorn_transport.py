"""What stands between asyncio's transport and a protocol of uvicorn, and decides when to read and to write."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any

from feed.connection.asgi import Connection
from feed.connection.sockets import MAX_UNSENT, limit_unsent

MAX_READ = 4 * 1024
"""Bytes that are read from a client at once."""
EMPTY = bytearray()
RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: drop unsent data, and tell the client with a reset."""


class OnTransport(Connection, asyncio.BufferedProtocol):
    """The transport's protocol, which passes on to uvicorn's protocol what concerns it.

    A buffered protocol, because for others uvloop reads 256 KB at a time, up to 32 times in a row.
    """

    can_drain = True
    _protocol: Any
    _transport: asyncio.Transport
    _buffer = EMPTY

    def attach(self) -> None:
        """Become the transport's protocol, in place of uvicorn's."""
        self._transport.set_protocol(self)
        self._transport.set_write_buffer_limits(MAX_UNSENT)
        limit_unsent(self._transport.get_extra_info("socket"))

    def get_buffer(self, sizehint: int) -> memoryview:
        self._buffer = bytearray(MAX_READ)
        return memoryview(self._buffer)  # asyncio's TLS fills slices of it

    def buffer_updated(self, nbytes: int) -> None:
        data, self._buffer = bytes(self._buffer[:nbytes]), EMPTY  # kept no longer: few clients ever send something
        self.received(data)

    def eof_received(self) -> bool | None:
        is_kept_open: bool | None = self._protocol.eof_received()
        return is_kept_open

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._pause_writing()
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()
        self._resume_writing()

    def abort(self) -> None:
        # Otherwise the kernel goes on trying to send what it holds, and the client isn't told.
        with suppress(OSError, ValueError):  # the connection has ended; uvloop raises ValueError
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._transport.abort()

    def close(self, timeout: float) -> None:
        super().close(timeout)
        # A closing transport first writes what it holds, however long that takes; and the client may never answer the
        # close frame.
        asyncio.get_running_loop().call_later(timeout, self.abort)
