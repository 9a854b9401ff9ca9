"""Frames on their way into a server's transport: at once, in order, and as the client agreed to have them."""

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
    """Notes who wants to be told when the socket takes more."""

    def __init__(self) -> None:
        self.writers: set[object] = set()

    def addWriter(self, writer: object) -> None:  # noqa: N802 (Twisted's names)
        self.writers.add(writer)

    def removeWriter(self, writer: object) -> None:  # noqa: N802
        self.writers.discard(writer)


@pytest.fixture
def pair() -> tuple[socket.socket, socket.socket]:
    """The server's end, and the client's."""
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


def test_what_fits_is_with_the_client_at_once(transport: Any, client: socket.socket) -> None:
    write_now(transport, b"Hello")
    assert received(client) == b"Hello"
    assert not transport.reactor.writers


def test_what_does_not_fit_is_sent_when_the_client_has_read(transport: Any, client: socket.socket) -> None:
    large = bytes(range(256)) * 16_384
    write_now(transport, large)
    write_now(transport, b"the end")
    assert transport in transport.reactor.writers
    got = b""
    while not got.endswith(b"the end"):
        got += received(client)
        transport.doWrite()
    assert got == large + b"the end"


def test_nothing_overtakes_what_the_server_has_written(transport: Any, client: socket.socket) -> None:
    transport.write(b"a ping, ")
    write_now(transport, b"and a frame")
    assert received(client) == b""
    transport.doWrite()
    assert received(client) == b"a ping, and a frame"


def test_a_transport_that_encrypts_is_not_passed_by(transport: Any, client: socket.socket) -> None:
    written: list[bytes] = []
    wrapped = SimpleNamespace(dataBuffer=b"", _tempDataBuffer=[], write=written.append, transport=transport)
    write_now(wrapped, b"Hello")
    transport.TLS = True
    transport.write = written.append
    write_now(transport, b"again")
    assert written == [b"Hello", b"again"]
    assert received(client) == b""


def test_a_connection_that_is_lost_takes_nothing(transport: Any, client: socket.socket) -> None:
    client.close()
    write_now(transport, b"Hello")
    assert transport in transport.reactor.writers, "The reactor finds out."


class Protocol:
    """As uvicorn's, with what was agreed on in the handshake."""

    def __init__(self, extensions: list[object]) -> None:
        self.written: list[bytes] = []
        self.sent: list[Message] = []
        self.conn = SimpleNamespace(extensions=extensions)
        self.transport: Any = SimpleNamespace(
            write=self.written.append,
            is_closing=lambda: False,
            set_write_buffer_limits=lambda most: None,
            set_protocol=lambda protocol: None,
            pause_reading=lambda: None,
            resume_reading=lambda: None,
            get_extra_info=lambda name: None,
        )

    def pause_writing(self) -> None: ...

    def resume_writing(self) -> None: ...

    async def send(self, message: Message) -> None:
        self.sent.append(message)


async def test_uvicorns_clients_are_written_the_same_bytes() -> None:
    protocol = Protocol([])
    flow = UvicornConnection(protocol.send, protocol)
    flow.write(HELLO)
    assert protocol.written == [HELLO.message]
    assert flow.is_writable


async def test_what_tls_writes_into_parts_of_the_buffer_reaches_uvicorn() -> None:
    """asyncio decrypts one record after the other, each into a slice of what is left of the buffer."""
    got: list[bytes] = []
    protocol: Any = Protocol([])
    protocol.data_received = got.append
    flow = UvicornConnection(protocol.send, protocol)
    buffer = flow.get_buffer(-1)
    buffer[:3] = b"one"
    buffer[3:][:3] = b"two"
    flow.buffer_updated(6)
    assert b"".join(got) == b"onetwo"


async def test_who_agreed_to_compression_is_sent_frames_by_the_server() -> None:
    protocol = Protocol(["permessage-deflate"])
    flow = UvicornConnection(protocol.send, protocol)
    flow.write(HELLO)
    assert not flow.is_writable
    await flow.writable()
    assert protocol.sent == [{"type": "websocket.send", "text": "Hello"}]
    assert protocol.written == []


async def test_who_has_left_is_written_nothing() -> None:
    protocol = Protocol([])
    protocol.transport.is_closing = lambda: True
    flow = UvicornConnection(protocol.send, protocol)
    flow.write(HELLO)
    assert protocol.written == []


async def test_an_unknown_server_is_taken_at_its_word() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    flow = connection_for(send)
    assert not isinstance(flow, UvicornConnection | DaphneConnection)
    flow.write(HELLO)
    await flow.writable()
    assert sent == [{"type": "websocket.send", "text": "Hello"}]
