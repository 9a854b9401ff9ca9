"""The metered connection between a transport and a protocol: what it delivers, and when it reads."""

from typing import Any

from feed.connection.asgi import Message, reading_paused
from feed.connection.budget import MAX_MESSAGE
from feed.connection.metered import MeteredConnection
from feed.frames.formats import Frame
from tests.faults.harness.clients import masked

PING = masked(0x89, b"")
FLOOD = PING * 1000


class RecordingConnection(MeteredConnection):
    """Records its calls to the transport and the protocol."""

    def __init__(self, send: Any) -> None:
        super().__init__(send, None)
        self.delivered = b""
        self.is_reading = True
        self.is_aborted = False

    def _start_reading(self) -> None:
        self.is_reading = True

    def _stop_reading(self) -> None:
        self.is_reading = False

    def _deliver(self, data: bytes) -> None:
        self.delivered += data

    def abort(self) -> None:
        self.is_aborted = True


async def send(message: Message) -> None: ...


async def test_data_within_the_budget_is_delivered_and_reading_continues() -> None:
    connection = RecordingConnection(send)
    connection.received(PING)
    assert connection.delivered == PING
    assert connection.is_reading


async def test_a_header_that_arrives_in_parts_is_delivered_once_it_is_complete() -> None:
    connection = RecordingConnection(send)
    connection.received(PING[:3])
    assert connection.delivered == b""
    assert connection.is_reading
    connection.received(PING[3:])
    assert connection.delivered == PING


async def test_a_client_that_has_spent_its_budget_is_not_read_from() -> None:
    connection = RecordingConnection(send)
    connection.received(FLOOD)
    assert FLOOD.startswith(connection.delivered)
    assert 0 < len(connection.delivered) < len(FLOOD)
    assert not connection.is_reading


async def test_nothing_is_delivered_while_reading_is_paused() -> None:
    connection = RecordingConnection(send)
    with reading_paused(connection):
        assert not connection.is_reading
        connection.received(PING)
        assert connection.delivered == b""
    assert connection.delivered == PING
    assert connection.is_reading


async def test_reading_resumes_after_the_server_has_sent_a_frame() -> None:
    connection = RecordingConnection(send)
    connection.write(Frame("Hello"))
    connection.received(PING)
    assert not connection.is_reading
    await connection.writable()
    assert connection.delivered == PING
    assert connection.is_reading


async def test_a_connection_is_aborted_if_its_server_keeps_reading_while_paused() -> None:
    connection = RecordingConnection(send)
    connection.pause_reading()
    while not connection.is_aborted:
        connection.received(FLOOD)
        assert len(connection._waiting) <= MAX_MESSAGE + len(FLOOD)


async def test_a_lost_connection_neither_delivers_nor_reads() -> None:
    connection = RecordingConnection(send)
    connection.received(FLOOD)
    delivered = connection.delivered
    connection._lost()
    connection._go_on()
    assert connection.delivered == delivered
    assert not connection.is_reading
