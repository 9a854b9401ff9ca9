"""Fast path: server-sent events on uvicorn. The connection stands between asyncio's transport and uvicorn's protocol.

Relies on: `send` being a method of uvicorn's cycle of request and response, its `transport`, `flow` and `scope`; and on
chunks in HTTP/1.1, because the response has no length.
Gains: a frame is serialized once for all clients, and written without a task; a client that sends is read from in small
pieces.
Without it: ASGI's `send`.
"""

from typing import Any

from feed.connection.asgi import Send
from feed.connection.streaming import MAX_RECEIVED, StreamConnection
from feed.connection.uvicorn_transport import OnTransport
from feed.frames.formats import Frame


class UvicornStream(OnTransport, StreamConnection):
    server = "uvicorn"

    def __init__(self, send: Send, cycle: Any) -> None:
        super().__init__(send)
        self._transport = cycle.transport
        self._protocol: Any = cycle.transport.get_protocol()
        self._is_chunked = cycle.scope["http_version"] == "1.1"
        self._received = 0
        self.attach()

    @staticmethod
    def protocol_of(send: Send) -> Any:
        cycle = getattr(send, "__self__", None)
        has_flow_control = hasattr(getattr(cycle, "transport", None), "set_write_buffer_limits")
        return cycle if has_flow_control and hasattr(cycle, "flow") else None

    def write(self, frame: Frame) -> None:
        if not self._is_chunked:
            super().write(frame)
        elif not self._transport.is_closing():
            self._transport.write(frame.chunk)

    def received(self, data: bytes) -> None:
        """Drop it: this response is the last one on its connection."""
        self._received += len(data)
        if self._received > MAX_RECEIVED:
            self.abort()
