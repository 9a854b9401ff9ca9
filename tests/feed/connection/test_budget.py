"""What a client may send, and when it has sent too much."""

import pytest

from feed.connection.budget import BURST, MAX_MESSAGE, MAX_OVERDRAWN, PER_SECOND, RARE, READ, RETRY_AFTER, Budget
from tests.faults.harness.clients import masked

TEXT, BEGUN, PART, PING, PONG = 0x81, 0x01, 0x00, 0x89, 0x8A
PONGS = masked(PONG, b"") * 4096


def passed(budget: Budget, data: bytes, now: float = 0.0) -> int:
    budget.read(len(data), now)
    return budget.passable(data, now)


def test_what_a_client_of_a_feed_says_is_passed_on_at_once() -> None:
    hello = masked(TEXT, b'{"after": "41", "log": "k3x9", "HEADERS": {}}')
    assert passed(Budget(0), hello) == len(hello)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 4096, 2**16 - 1, 2**16])
def test_a_frame_of_any_size_ends_where_the_next_one_begins(size: int) -> None:
    budget = Budget(0)
    frame = masked(PING, b"\x81" * size)  # none of which may be taken for a header
    assert budget.passable(frame * 2, 0) == 2 * len(frame)
    assert budget.passable(frame[:1], 0) == 0, "Half a header is kept."


def test_a_client_may_ping_every_second_for_ever() -> None:
    budget, ping = Budget(0), masked(PING, b"x" * 125)
    for second in range(10_000):
        assert passed(budget, ping, second) == len(ping)
    assert not budget.is_spent


def test_fifty_messages_at_once_pass_whatever_else_answers_them() -> None:
    budget, message = Budget(0), masked(TEXT, b'{"type": "ping"}')
    assert all(passed(budget, message) == len(message) for _ in range(51))


def test_of_a_flood_only_as_many_frames_pass_as_the_budget_allows() -> None:
    budget = Budget(0)
    first = passed(budget, PONGS)
    assert 0 < first <= BURST // RARE * 6
    assert budget.is_spent
    assert budget.passable(PONGS[first:], 0) == 0
    assert budget.passable(PONGS[first:], 1.0) <= (PER_SECOND // RARE + 1) * 6


def test_every_read_costs_something_though_it_brings_a_byte() -> None:
    budget = Budget(0)
    count = sum(passed(budget, b"\x81", 0) == 0 for _ in range(BURST // READ))
    assert count
    assert budget.is_spent


def test_a_flood_that_goes_on_is_ended() -> None:
    budget, now = Budget(0), 0.0
    passed(budget, PONGS)
    while not budget.is_exceeded:
        assert now <= MAX_OVERDRAWN + RETRY_AFTER
        now += RETRY_AFTER
        budget.passable(PONGS, now)
    assert now > MAX_OVERDRAWN


def test_a_client_that_falls_silent_in_time_is_forgiven() -> None:
    budget = Budget(0)
    for now in (0.0, 60.0, 120.0):
        passed(budget, PONGS[: 6 * 130], now)
        assert budget.is_spent
    assert not budget.is_exceeded


@pytest.mark.parametrize("size", [MAX_MESSAGE + 1, 16 * 2**20, 2**62])
def test_a_message_that_will_be_too_large_is_known_by_its_header(size: int) -> None:
    budget = Budget(0)
    header = bytes([BEGUN, 0xFF]) + size.to_bytes(8, "big") + bytes(4)
    assert passed(budget, header + b"x" * 1000) == len(header), "The server's own refusal needs no more."
    assert budget.is_exceeded


def test_a_message_in_parts_is_too_large_as_a_whole() -> None:
    budget, now = Budget(0), 0.0
    size = passed(budget, masked(BEGUN, b"x" * 4096))
    while not budget.is_exceeded:
        size += passed(budget, masked(PART, b"x" * 4096), now := now + 10)
    assert MAX_MESSAGE / 2 < size < MAX_MESSAGE


def test_parts_of_nothing_are_counted_too_however_slowly_they_come() -> None:
    budget, now = Budget(0), 0.0
    passed(budget, masked(BEGUN, b""))
    while not budget.is_exceeded:
        assert now <= MAX_MESSAGE / RARE
        passed(budget, masked(PART, b"") + masked(PING, b""), now := now + 1)
    assert not budget.is_spent


def test_finished_messages_and_pings_between_parts_count_to_no_other_message() -> None:
    budget = Budget(0)
    for now in range(0, 1000, 10):
        passed(budget, masked(BEGUN, b"x" * 4096) + masked(PING, b"x" * 125) + masked(0x80, b"x" * 4096), now)
    assert not budget.is_exceeded
