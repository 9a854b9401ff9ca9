"""What stands between a transport and a protocol: what it passes on, and when it reads."""

from typing import Any

from feed.connection.asgi import Message, reading_paused
from feed.connection.budget import MAX_MESSAGE
from feed.connection.metered import MeteredConnection
from feed.frames.formats import Frame
from tests.faults.clients import masked

PING = masked(0x89, b"")
FLOOD = PING * 1000


class Recorded(MeteredConnection):
    """Notes what a transport and a protocol would be told."""

    def __init__(self, send: Any) -> None:
        super().__init__(send)
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
    flow = Recorded(send)
    flow.received(PING)
    assert flow.delivered == PING
    assert flow.is_reading


async def test_a_header_that_came_in_parts_is_passed_on_when_it_is_complete() -> None:
    flow = Recorded(send)
    flow.received(PING[:3])
    assert flow.delivered == b""
    assert flow.is_reading
    flow.received(PING[3:])
    assert flow.delivered == PING


async def test_a_client_that_has_spent_its_budget_is_not_read_from() -> None:
    flow = Recorded(send)
    flow.received(FLOOD)
    assert FLOOD.startswith(flow.delivered)
    assert 0 < len(flow.delivered) < len(FLOOD)
    assert not flow.is_reading


async def test_nothing_is_passed_on_from_a_held_client_until_it_is_released() -> None:
    flow = Recorded(send)
    with reading_paused(flow):
        assert not flow.is_reading
        flow.received(PING)
        assert flow.delivered == b""
    assert flow.delivered == PING
    assert flow.is_reading


async def test_a_client_that_is_sent_a_frame_by_the_server_is_read_from_afterwards() -> None:
    flow = Recorded(send)
    flow.write(Frame("Hello"))
    flow.received(PING)
    assert not flow.is_reading
    await flow.writable()
    assert flow.delivered == PING
    assert flow.is_reading


async def test_a_server_that_reads_although_it_should_not_fills_no_memory() -> None:
    flow = Recorded(send)
    flow.hold()
    while not flow.is_aborted:
        flow.received(FLOOD)
        assert len(flow._waiting) <= MAX_MESSAGE + len(FLOOD)


async def test_a_connection_that_is_lost_is_passed_nothing_and_read_no_more() -> None:
    flow = Recorded(send)
    flow.received(FLOOD)
    delivered = flow.delivered
    flow._lost()
    flow._go_on()
    assert flow.delivered == delivered
    assert not flow.is_reading
