"""Runs the state machine on the real log and hub, and on broken ones, whose bugs it must find."""

import pytest

from feed import log, messages, receivers
from feed.frames.entries import Entry
from feed.hub.audiences import Audiences
from tests.machine import broken
from tests.machine.clients import Lost
from tests.machine.machine import FeedMachine
from tests.machine.runs import run, seeds
from tests.machine.sight import Leaked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.mark.parametrize("number", seeds(), ids="seed {}".format)
def test_no_client_loses_a_change_in_any_order_of_steps(number: int) -> None:
    run(FeedMachine, number)


# The machine finds the bug in broken logs and hubs.


class ClientMachine(FeedMachine):
    """Checks only what clients show. Doesn't prune, because the positions of a broken log have no meaning."""

    def check_log(self) -> None:
        self.world.model.number()

    def prune(self, one: object) -> None: ...


def without(*steps: str) -> type[FeedMachine]:
    """A ClientMachine that doesn't take these steps, and so finds bugs sooner that have nothing to do with them."""
    return type("SmallerMachine", (ClientMachine,), dict.fromkeys(steps))


ACCESS_MACHINE = without(
    "rename",
    "restart",
    "number_concurrently_at_the_next_numbering",
    "lose_or_double_the_next_ring",
    "let_the_database_be_slow",
    "edit_by_query",
    "delete_by_query",
    "delete_a_user_and_sign_up_again",
    "ask_for_older_rows",
    "be_sent_a_heartbeat",
)


def assert_finds(*errors: type[AssertionError], machine: type[FeedMachine] = ClientMachine) -> None:
    with pytest.raises(errors):
        for number in range(10):
            run(machine, number)


@pytest.mark.postgresql
def test_the_machine_finds_that_primary_keys_as_positions_lose_late_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite has one writer at a time, so its keys follow the order of commits."""
    monkeypatch.setattr(log, "number", broken.number_by_key)
    monkeypatch.setattr(log, "number_and_read", broken.number_and_read)
    assert_finds(Lost)


def test_the_machine_finds_that_concurrent_numbering_without_the_lock_loses_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log, "number", broken.number_without_the_lock)
    monkeypatch.setattr(log, "number_and_read", broken.number_and_read)
    assert_finds(Lost)


def test_the_machine_finds_that_ringing_before_the_commit_loses_changes_without_a_poll(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(messages, "ring_on_commit", broken.ring_at_once)
    assert_finds(Lost, machine=without("poll"))


def test_the_machine_finds_that_audiences_must_be_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Audiences, "changed", broken.keep_audiences)
    assert_finds(Leaked, Lost, machine=ACCESS_MACHINE)


def test_the_machine_finds_that_moves_must_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers, "_recorded", broken.record_no_move)
    assert_finds(Lost, machine=ACCESS_MACHINE)


def test_the_machine_finds_that_the_present_audience_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Entry, "told", broken.tell_by_recorded_audience)
    assert_finds(Leaked, machine=ACCESS_MACHINE)
