"""Fast path: Daphne. The connection is a push producer of Twisted's transport, and receives the protocol's data.

Relies on: `send` being a partial of a method whose first argument is autobahn's protocol; on Twisted's
`IPushProducer`, `bufferSize`, `dataBuffer` and `writeSomeData`.
Gains: flow control; and 70 % of the CPU time of a frame, which is serialized once for all clients, and written without
a turn of the reactor.
Without it: ASGI's `send`.
"""

from typing import Any

from twisted.internet.tcp import Connection as TcpTransport

from feed.connection.asgi import RETRY_CODE, Send
from feed.connection.metered import MeteredConnection
from feed.connection.sockets import MAX_UNSENT, limit_messages, limit_unsent
from feed.frames.formats import Frame

CLOSE_TIMEOUT = 3.0
"""Seconds for the client's answer to a close frame. Autobahn cuts the connection after one, and a busy client that has
not read by then loses the reason, too."""


class DaphneConnection(MeteredConnection):
    can_drain = True
    server = "daphne"
    retry_code = RETRY_CODE  # autobahn refuses to send codes between 1000 and 3000

    def __init__(self, send: Send, protocol: Any) -> None:
        super().__init__(send, protocol)
        self._transport = protocol.transport
        self._transport.bufferSize = MAX_UNSENT
        limit_unsent(self._transport.getHandle())
        # In place of the HTTP channel that the websocket began on.
        self._transport.unregisterProducer()
        self._transport.registerProducer(self, True)
        limit_messages(protocol, "maxFramePayloadSize")
        protocol.closeHandshakeTimeout = CLOSE_TIMEOUT
        self._deliver_to, protocol.dataReceived = protocol.dataReceived, self.received
        early, protocol.data = protocol.data, b""
        if early:
            self.received(early)

    @staticmethod
    def protocol_of(send: Send) -> Any:
        protocol = next(iter(getattr(send, "args", ())), None)
        return protocol if hasattr(getattr(protocol, "transport", None), "registerProducer") else None

    def write(self, frame: Frame) -> None:
        if self._protocol.state != self._protocol.STATE_OPEN:
            return
        if self._protocol._perMessageCompress is not None:
            super().write(frame)
        else:
            write_now(self._transport, frame.message)

    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's name)
        self._pause_writing()

    def resumeProducing(self) -> None:  # noqa: N802
        self._resume_writing()

    def stopProducing(self) -> None:  # noqa: N802
        self._lost()
        self._resume_writing()

    def _start_reading(self) -> None:
        self._transport.resumeProducing()

    def _stop_reading(self) -> None:
        self._transport.pauseProducing()

    def _deliver(self, data: bytes) -> None:
        self._deliver_to(data)

    def abort(self) -> None:
        self._transport.abortConnection()


def write_now(transport: Any, data: bytes) -> None:
    """Write to the socket at once if nothing waits before it, as asyncio does. Twisted would make the reactor watch the
    socket first and unwatch it afterwards, which takes longer than the rest of a frame."""
    waiting = getattr(transport, "dataBuffer", True) or getattr(transport, "_tempDataBuffer", True)
    sent: int | Exception = 0
    if isinstance(transport, TcpTransport) and not (waiting or transport.TLS or transport.disconnecting):
        sent = transport.writeSomeData(data)
    if not isinstance(sent, int):  # the connection is lost; the reactor will notice
        sent = 0
    if sent < len(data):
        transport.write(data[sent:])
