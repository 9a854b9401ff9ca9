"""Frames are written to a server's transport at once, in order, and in the encoding that the client agreed to."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.tcp import Connection

from feed.connection import connection_for
from feed.connection.asgi import Message
from feed.connection.daphne import DaphneConnection, write_now
from feed.connection.uvicorn import UvicornConnection
from feed.frames.formats import Frame

HELLO = Frame("Hello")


class Reactor:
    """Records the transports that wait for their socket to be writable."""

    def __init__(self) -> None:
        self.writers: set[object] = set()

    def addWriter(self, writer: object) -> None:  # noqa: N802 (Twisted's names)
        self.writers.add(writer)

    def removeWriter(self, writer: object) -> None:  # noqa: N802
        self.writers.discard(writer)


@pytest.fixture
def pair() -> tuple[socket.socket, socket.socket]:
    """The server's socket, and the client's."""
    server, client = socket.socketpair()
    server.setblocking(False)
    client.setblocking(False)
    return server, client


@pytest.fixture
def client(pair: tuple[socket.socket, socket.socket]) -> Iterator[socket.socket]:
    with pair[1]:
        yield pair[1]


@pytest.fixture
def transport(pair: tuple[socket.socket, socket.socket]) -> Iterator[Any]:
    with pair[0]:
        protocol: Any = SimpleNamespace()
        reactor: Any = Reactor()
        connection = Connection(pair[0], protocol, reactor)
        connection.connected = True
        yield connection


def received(client: socket.socket) -> bytes:
    got = b""
    try:
        while part := client.recv(1 << 20):
            got += part
    except BlockingIOError:
        pass
    return got


def test_data_that_fits_reaches_the_client_at_once(transport: Any, client: socket.socket) -> None:
    write_now(transport, b"Hello")
    assert received(client) == b"Hello"
    assert not transport.reactor.writers


def test_data_that_does_not_fit_is_sent_once_the_client_reads(transport: Any, client: socket.socket) -> None:
    large = bytes(range(256)) * 16_384
    write_now(transport, large)
    write_now(transport, b"the end")
    assert transport in transport.reactor.writers
    got = b""
    while not got.endswith(b"the end"):
        got += received(client)
        transport.doWrite()
    assert got == large + b"the end"


def test_a_frame_does_not_overtake_earlier_writes_of_the_server(transport: Any, client: socket.socket) -> None:
    transport.write(b"a ping, ")
    write_now(transport, b"and a frame")
    assert received(client) == b""
    transport.doWrite()
    assert received(client) == b"a ping, and a frame"


def test_a_frame_does_not_bypass_encryption(transport: Any, client: socket.socket) -> None:
    written: list[bytes] = []
    wrapped = SimpleNamespace(dataBuffer=b"", _tempDataBuffer=[], write=written.append, transport=transport)
    write_now(wrapped, b"Hello")
    transport.TLS = True
    transport.write = written.append
    write_now(transport, b"again")
    assert written == [b"Hello", b"again"]
    assert received(client) == b""


def test_a_write_to_a_lost_connection_is_left_to_the_reactor(transport: Any, client: socket.socket) -> None:
    client.close()
    write_now(transport, b"Hello")
    assert transport in transport.reactor.writers, "The reactor must notice that the connection is lost."


class UvicornProtocol:
    """Uvicorn's protocol, with the extensions that were negotiated in the handshake."""

    def __init__(self, extensions: list[object]) -> None:
        self.written: list[bytes] = []
        self.sent: list[Message] = []
        self.conn = SimpleNamespace(extensions=extensions)
        self.transport: Any = SimpleNamespace(
            write=self.written.append,
            is_closing=lambda: False,
            set_write_buffer_limits=lambda high: None,
            set_protocol=lambda protocol: None,
            pause_reading=lambda: None,
            resume_reading=lambda: None,
            get_extra_info=lambda name: None,
        )

    def pause_writing(self) -> None: ...

    def resume_writing(self) -> None: ...

    async def send(self, message: Message) -> None:
        self.sent.append(message)


async def test_a_client_of_uvicorn_gets_the_encoded_message() -> None:
    protocol = UvicornProtocol([])
    connection = UvicornConnection(protocol.send, protocol)
    connection.write(HELLO)
    assert protocol.written == [HELLO.message]
    assert connection.is_writable


async def test_tls_records_in_slices_of_the_buffer_reach_uvicorn() -> None:
    """asyncio decrypts each record into a slice of the rest of the buffer."""
    got: list[bytes] = []
    protocol: Any = UvicornProtocol([])
    protocol.data_received = got.append
    connection = UvicornConnection(protocol.send, protocol)
    buffer = connection.get_buffer(-1)
    buffer[:3] = b"one"
    buffer[3:][:3] = b"two"
    connection.buffer_updated(6)
    assert b"".join(got) == b"onetwo"


async def test_a_client_with_compression_gets_its_frames_from_the_server() -> None:
    protocol = UvicornProtocol(["permessage-deflate"])
    connection = UvicornConnection(protocol.send, protocol)
    connection.write(HELLO)
    assert not connection.is_writable
    await connection.writable()
    assert protocol.sent == [{"type": "websocket.send", "text": "Hello"}]
    assert protocol.written == []


async def test_a_client_that_has_left_gets_nothing() -> None:
    protocol = UvicornProtocol([])
    protocol.transport.is_closing = lambda: True
    connection = UvicornConnection(protocol.send, protocol)
    connection.write(HELLO)
    assert protocol.written == []


async def test_an_unknown_server_gets_frames_through_asgi() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    connection = connection_for(send)
    assert not isinstance(connection, UvicornConnection | DaphneConnection)
    connection.write(HELLO)
    await connection.writable()
    assert sent == [{"type": "websocket.send", "text": "Hello"}]
