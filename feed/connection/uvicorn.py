"""Fast path: uvicorn. The connection stands between asyncio's transport and uvicorn's protocol.

Relies on: `send` being a method of uvicorn's protocol, and the protocol's `transport`, `read_paused` and `conn`.
Gains: flow control; and a third of the CPU time of a frame, which is serialized once for all clients.
Without it: ASGI's `send`.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any

from feed.connection.asgi import Send
from feed.connection.metered import MeteredConnection
from feed.connection.sockets import MAX_UNSENT, limit_messages, limit_unsent
from feed.frames.formats import Frame

SERVICE_RESTART = 1012
"""The registered close code for "connect again"."""
MAX_READ = 4 * 1024
"""Bytes that are read from a client at once."""
EMPTY = bytearray()
RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: drop unsent data, and tell the client with a reset."""


class UvicornConnection(MeteredConnection, asyncio.BufferedProtocol):
    """The transport's protocol, which passes everything on to uvicorn's protocol.

    A buffered protocol, because for others uvloop reads 256 KB at a time, up to 32 times in a row.
    """

    server = "uvicorn"
    retry_code = SERVICE_RESTART

    def __init__(self, send: Send, protocol: Any) -> None:
        super().__init__(send, protocol)
        self._transport: asyncio.Transport = protocol.transport
        # The implementation that writes to the transport itself (websockets-sansio), and no compression.
        self._is_plain = getattr(getattr(protocol, "conn", None), "extensions", None) == []
        # Whether the protocol has messages that the consumer hasn't received yet.
        self._is_full = getattr(protocol, "read_paused", False)
        self._buffer = EMPTY
        limit_messages(getattr(protocol, "conn", None), "max_message_size")
        limit_messages(protocol, "max_size")  # uvicorn's older websockets implementation
        protocol.transport = Valve(self._transport, self)
        self._transport.set_protocol(self)
        self._transport.set_write_buffer_limits(MAX_UNSENT)
        limit_unsent(self._transport.get_extra_info("socket"))

    @staticmethod
    def protocol_of(send: Send) -> Any:
        protocol = getattr(send, "__self__", None)
        # By what it can do: uvloop's transports aren't asyncio.Transport.
        has_flow_control = hasattr(getattr(protocol, "transport", None), "set_write_buffer_limits")
        return protocol if has_flow_control and hasattr(protocol, "pause_writing") else None

    def write(self, frame: Frame) -> None:
        if not self._is_plain:
            super().write(frame)
        elif not self._transport.is_closing():
            self._transport.write(frame.message)

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
        self._lost()
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._pause_writing()
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()
        self._resume_writing()

    def protocol_is_full(self) -> None:
        """uvicorn's protocol wants no more data for now."""
        self._is_full = True
        self._start_or_stop_reading()

    def protocol_has_room(self) -> None:
        """uvicorn's protocol wants data again."""
        self._is_full = False
        self._pass_on()

    def _takes_more(self) -> bool:
        return super()._takes_more() and not self._is_full

    def _start_reading(self) -> None:
        self._transport.resume_reading()

    def _stop_reading(self) -> None:
        self._transport.pause_reading()

    def _deliver(self, data: bytes) -> None:
        self._protocol.data_received(data)

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


class Valve:
    """The transport as uvicorn's protocol sees it: the connection decides when to read."""

    __slots__ = ("_connection", "_transport")

    def __init__(self, transport: asyncio.Transport, connection: UvicornConnection) -> None:
        self._transport, self._connection = transport, connection

    def pause_reading(self) -> None:
        self._connection.protocol_is_full()

    def resume_reading(self) -> None:
        self._connection.protocol_has_room()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
