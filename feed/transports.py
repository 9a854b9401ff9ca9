"""The flows of known servers: Twisted's transports with its producers, asyncio's with the protocol's callbacks.

A frame is written to each as the same bytes. Both write until the kernel takes no more, and the kernel takes megabytes
for each client. So it is told to call a connection full much earlier: what waits there is memory, too, and who reads
slowly could not be told from who doesn't read, as half of it has to be read before the connection counts as writable
again.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any

from twisted.internet.tcp import Connection

from feed.budget import LARGEST
from feed.flow import COME_BACK, Flow, Send
from feed.frames import Frame
from feed.metering import MeteredFlow

SERVICE_RESTART = 1012
"""The registered close code for what is not the client's fault."""
MOST_UNSENT = 16 * 1024
"""Bytes that may wait for a client in the kernel, and again in its transport, before it is written to no more."""
MOST_READ = 4 * 1024
"""Bytes that are read from a client at once."""
NOTHING = bytearray()
RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: forget what is unsent, and say so."""


class AsyncioFlow(MeteredFlow, asyncio.BufferedProtocol):
    """uvicorn: its protocol talks to the transport through this flow, which is the transport's protocol.

    A buffered one: else uvloop would read 256 KB at a time, and up to 32 times in a row.
    """

    come_back = SERVICE_RESTART

    def __init__(self, send: Send, protocol: Any) -> None:
        super().__init__(send)
        self._protocol = protocol
        self._transport: asyncio.Transport = protocol.transport
        # The implementation without an own transport (websockets-sansio), and nothing that changes messages on the way.
        self._is_plain = getattr(getattr(protocol, "conn", None), "extensions", None) == []
        # Whether the protocol has messages that nobody has taken yet.
        self._is_full = getattr(protocol, "read_paused", False)
        self._buffer = NOTHING
        limit_messages(getattr(protocol, "conn", None), "max_message_size")
        limit_messages(protocol, "max_size")  # uvicorn's older implementation
        protocol.transport = Valve(self._transport, self)
        self._transport.set_protocol(self)
        self._transport.set_write_buffer_limits(MOST_UNSENT)
        fill_sooner(self._transport.get_extra_info("socket"))

    def write(self, frame: Frame) -> None:
        if not self._is_plain:
            super().write(frame)
        elif not self._transport.is_closing():
            self._transport.write(frame.message)

    def get_buffer(self, sizehint: int) -> memoryview:
        self._buffer = bytearray(MOST_READ)
        return memoryview(self._buffer)  # of which asyncio's TLS fills slices

    def buffer_updated(self, nbytes: int) -> None:
        data, self._buffer = bytes(self._buffer[:nbytes]), NOTHING  # few clients ever send something
        self.received(data)

    def eof_received(self) -> bool | None:
        is_kept_open: bool | None = self._protocol.eof_received()
        return is_kept_open

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._pause()
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()
        self._resume()

    def fill(self) -> None:
        """The protocol takes no more for now."""
        self._is_full = True
        self._read_or_not()

    def drain(self) -> None:
        """The protocol takes more again."""
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
        # Without this the kernel goes on trying to send what it still holds, and the client isn't told.
        with suppress(OSError, ValueError):  # it has ended meanwhile; the second is uvloop's word for it
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._transport.abort()

    def finish(self, patience: float) -> None:
        super().finish(patience)
        # A transport that closes writes what it still holds first, however long that takes; and a client that was
        # told of the end may never answer.
        asyncio.get_running_loop().call_later(patience, self.abort)


class Valve:
    """The transport as uvicorn's protocol has it: when to read is for the flow to decide."""

    __slots__ = ("_flow", "_transport")

    def __init__(self, transport: asyncio.Transport, flow: AsyncioFlow) -> None:
        self._transport, self._flow = transport, flow

    def pause_reading(self) -> None:
        self._flow.fill()

    def resume_reading(self) -> None:
        self._flow.drain()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class TwistedFlow(MeteredFlow):
    """Daphne: a push producer (twisted.internet.interfaces.IPushProducer) of its connection's transport, which takes
    what is meant for the protocol."""

    come_back = COME_BACK  # autobahn sends no code below 3000 but 1000

    def __init__(self, send: Send, protocol: Any) -> None:
        super().__init__(send)
        self._protocol = protocol
        self._transport = protocol.transport
        self._transport.bufferSize = MOST_UNSENT
        fill_sooner(self._transport.getHandle())
        # The HTTP channel under the websocket has registered itself.
        self._transport.unregisterProducer()
        self._transport.registerProducer(self, True)
        limit_messages(protocol, "maxFramePayloadSize")
        self._deliver_to, protocol.dataReceived = protocol.dataReceived, self.received
        early, protocol.data = protocol.data, b""
        if early:
            self.received(early)

    def write(self, frame: Frame) -> None:
        if self._protocol.state != self._protocol.STATE_OPEN:
            return
        if self._protocol._perMessageCompress is not None:
            super().write(frame)
        else:
            write_now(self._transport, frame.message)

    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's name)
        self._pause()

    def resumeProducing(self) -> None:  # noqa: N802
        self._resume()

    def stopProducing(self) -> None:  # noqa: N802
        self._lost()
        self._resume()

    def _start_reading(self) -> None:
        self._transport.resumeProducing()

    def _stop_reading(self) -> None:
        self._transport.pauseProducing()

    def _deliver(self, data: bytes) -> None:
        self._deliver_to(data)

    def abort(self) -> None:
        self._transport.abortConnection()


def limit_messages(protocol: Any, name: str) -> None:
    """Have the protocol refuse larger messages by itself, with close code 1009, though its server allows more."""
    limit = getattr(protocol, name, None)
    if isinstance(limit, int):
        setattr(protocol, name, min(limit or LARGEST, LARGEST))  # 0 is autobahn's word for none


def write_now(transport: Any, data: bytes) -> None:
    """Write to the kernel at once, as asyncio's transports do, if nothing waits before it. Twisted's own would have the
    reactor watch the socket first, and then not watch it any more: that takes longer than all the rest of a frame."""
    waiting = getattr(transport, "dataBuffer", True) or getattr(transport, "_tempDataBuffer", True)
    sent: int | Exception = 0
    if isinstance(transport, Connection) and not (waiting or transport.TLS or transport.disconnecting):
        sent = transport.writeSomeData(data)
    if not isinstance(sent, int):  # the connection is lost, as the reactor finds out in its turn
        sent = 0
    if sent < len(data):
        transport.write(data[sent:])


def fill_sooner(own: Any) -> None:
    """Have the kernel call this socket full with so much unsent, if it is TCP's, and where the kernel can."""
    if getattr(own, "family", None) in {socket.AF_INET, socket.AF_INET6} and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT)


def flow_of(send: Send) -> Flow:
    """The flow of the connection that the server's own `send` belongs to."""
    daphne = next(iter(getattr(send, "args", ())), None)
    if hasattr(getattr(daphne, "transport", None), "registerProducer"):
        return TwistedFlow(send, daphne)
    protocol = getattr(send, "__self__", None)
    # By what it can do: uvloop's transports are no asyncio.Transport.
    if hasattr(getattr(protocol, "transport", None), "set_write_buffer_limits") and hasattr(protocol, "pause_writing"):
        return AsyncioFlow(send, protocol)
    return Flow(send)
