"""The budget of a client: what it may send, and when it has sent too much."""

import pytest

from feed.connection.budget import BURST, MAX_MESSAGE, MAX_OVERDRAWN, PER_SECOND, RARE, READ, RETRY_AFTER, Budget
from tests.faults.harness.clients import masked

TEXT, FIRST_PART, PART, LAST_PART, PING, PONG = 0x81, 0x01, 0x00, 0x80, 0x89, 0x8A
PONGS = masked(PONG, b"") * 4096


def receive(budget: Budget, data: bytes, now: float = 0.0) -> int:
    budget.read(len(data), now)
    return budget.passable(data, now)


def test_the_first_message_of_a_page_passes_at_once() -> None:
    hello = masked(TEXT, b'{"after": "41", "log": "k3x9", "HEADERS": {}}')
    assert receive(Budget(0), hello) == len(hello)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 4096, 2**16 - 1, 2**16])
def test_a_frame_of_any_size_ends_where_the_next_one_begins(size: int) -> None:
    budget = Budget(0)
    frame = masked(PING, b"\x81" * size)  # each byte of the payload looks like a header
    assert budget.passable(frame * 2, 0) == 2 * len(frame)
    assert budget.passable(frame[:1], 0) == 0, "Half a header must wait for the rest."


def test_a_client_may_ping_every_second_for_ever() -> None:
    budget, ping = Budget(0), masked(PING, b"x" * 125)
    for second in range(10_000):
        assert receive(budget, ping, second) == len(ping)
    assert not budget.is_spent


def test_fifty_messages_at_once_pass() -> None:
    budget, message = Budget(0), masked(TEXT, b'{"type": "ping"}')
    assert all(receive(budget, message) == len(message) for _ in range(51))


def test_only_the_frames_of_a_flood_that_the_budget_allows_pass() -> None:
    budget = Budget(0)
    first = receive(budget, PONGS)
    assert 0 < first <= BURST // RARE * 6
    assert budget.is_spent
    assert budget.passable(PONGS[first:], 0) == 0
    assert budget.passable(PONGS[first:], 1.0) <= (PER_SECOND // RARE + 1) * 6


def test_a_read_of_one_byte_costs_budget() -> None:
    budget = Budget(0)
    count = sum(receive(budget, b"\x81", 0) == 0 for _ in range(BURST // READ))
    assert count
    assert budget.is_spent


def test_a_flood_that_goes_on_exceeds_the_budget() -> None:
    budget, now = Budget(0), 0.0
    receive(budget, PONGS)
    while not budget.is_exceeded:
        assert now <= MAX_OVERDRAWN + RETRY_AFTER
        now += RETRY_AFTER
        budget.passable(PONGS, now)
    assert now > MAX_OVERDRAWN


def test_a_client_that_pauses_between_floods_does_not_exceed_the_budget() -> None:
    budget = Budget(0)
    for now in (0.0, 60.0, 120.0):
        receive(budget, PONGS[: 6 * 130], now)
        assert budget.is_spent
    assert not budget.is_exceeded


@pytest.mark.parametrize("size", [MAX_MESSAGE + 1, 16 * 2**20, 2**62])
def test_the_header_of_a_message_that_is_too_large_exceeds_the_budget(size: int) -> None:
    budget = Budget(0)
    header = bytes([FIRST_PART, 0xFF]) + size.to_bytes(8, "big") + bytes(4)
    assert receive(budget, header + b"x" * 1000) == len(header), (
        "The header is enough for the server to refuse the message."
    )
    assert budget.is_exceeded


def test_the_parts_of_a_message_count_together() -> None:
    budget, now = Budget(0), 0.0
    size = receive(budget, masked(FIRST_PART, b"x" * 4096))
    while not budget.is_exceeded:
        size += receive(budget, masked(PART, b"x" * 4096), now := now + 10)
    assert MAX_MESSAGE / 2 < size < MAX_MESSAGE


def test_empty_parts_count_however_slowly_they_arrive() -> None:
    budget, now = Budget(0), 0.0
    receive(budget, masked(FIRST_PART, b""))
    while not budget.is_exceeded:
        assert now <= MAX_MESSAGE / RARE
        receive(budget, masked(PART, b"") + masked(PING, b""), now := now + 1)
    assert not budget.is_spent


def test_finished_messages_and_pings_between_parts_do_not_count_for_the_next_message() -> None:
    budget = Budget(0)
    for now in range(0, 1000, 10):
        receive(
            budget, masked(FIRST_PART, b"x" * 4096) + masked(PING, b"x" * 125) + masked(LAST_PART, b"x" * 4096), now
        )
    assert not budget.is_exceeded
