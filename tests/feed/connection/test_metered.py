"""What stands between a transport and a protocol: what it passes on, and when it reads."""

from typing import Any

from feed.connection.asgi import Message, reading_paused
from feed.connection.budget import MAX_MESSAGE
from feed.connection.metered import MeteredConnection
from feed.frames.formats import Frame
from tests.faults.harness.clients import masked

PING = masked(0x89, b"")
FLOOD = PING * 1000


class Recorded(MeteredConnection):
    """Notes what a transport and a protocol would be told."""

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


async def test_what_is_within_the_budget_is_passed_on_and_more_is_read() -> None:
    connection = Recorded(send)
    connection.received(PING)
    assert connection.delivered == PING
    assert connection.is_reading


async def test_a_header_that_came_in_parts_is_passed_on_when_it_is_complete() -> None:
    connection = Recorded(send)
    connection.received(PING[:3])
    assert connection.delivered == b""
    assert connection.is_reading
    connection.received(PING[3:])
    assert connection.delivered == PING


async def test_a_client_that_has_spent_its_budget_is_not_read_from() -> None:
    connection = Recorded(send)
    connection.received(FLOOD)
    assert FLOOD.startswith(connection.delivered)
    assert 0 < len(connection.delivered) < len(FLOOD)
    assert not connection.is_reading


async def test_nothing_is_passed_on_while_reading_is_paused() -> None:
    connection = Recorded(send)
    with reading_paused(connection):
        assert not connection.is_reading
        connection.received(PING)
        assert connection.delivered == b""
    assert connection.delivered == PING
    assert connection.is_reading


async def test_a_client_that_is_sent_a_frame_by_the_server_is_read_from_afterwards() -> None:
    connection = Recorded(send)
    connection.write(Frame("Hello"))
    connection.received(PING)
    assert not connection.is_reading
    await connection.writable()
    assert connection.delivered == PING
    assert connection.is_reading


async def test_a_server_that_reads_although_it_should_not_fills_no_memory() -> None:
    connection = Recorded(send)
    connection.pause_reading()
    while not connection.is_aborted:
        connection.received(FLOOD)
        assert len(connection._waiting) <= MAX_MESSAGE + len(FLOOD)


async def test_a_connection_that_is_lost_is_passed_nothing_and_read_no_more() -> None:
    connection = Recorded(send)
    connection.received(FLOOD)
    delivered = connection.delivered
    connection._lost()
    connection._go_on()
    assert connection.delivered == delivered
    assert not connection.is_reading
