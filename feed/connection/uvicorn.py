"""Fast path: uvicorn. The connection stands between asyncio's transport and uvicorn's protocol.

Relies on: `send` being a method of uvicorn's protocol, and the protocol's `transport`, `read_paused` and `conn`.
Gains: flow control; and a third of the CPU time of a frame, which is serialized once for all clients.
Without it: ASGI's `send`.
"""

import asyncio
from typing import Any

from feed.connection.asgi import Send
from feed.connection.metered import MeteredConnection
from feed.connection.sockets import limit_messages
from feed.connection.uvicorn_transport import OnTransport
from feed.frames.formats import Frame

SERVICE_RESTART = 1012
"""The registered close code for "connect again"."""


class UvicornConnection(OnTransport, MeteredConnection):
    server = "uvicorn"
    retry_code = SERVICE_RESTART

    def __init__(self, send: Send, protocol: Any) -> None:
        super().__init__(send, protocol)
        self._transport = protocol.transport
        # The implementation that writes to the transport itself (websockets-sansio), and no compression.
        self._is_plain = getattr(getattr(protocol, "conn", None), "extensions", None) == []
        # Whether the protocol has messages that the consumer hasn't received yet.
        self._is_full = getattr(protocol, "read_paused", False)
        limit_messages(getattr(protocol, "conn", None), "max_message_size")
        limit_messages(protocol, "max_size")  # uvicorn's older websockets implementation
        protocol.transport = Valve(self._transport, self)
        self.attach()

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

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()
        super().connection_lost(exc)

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
