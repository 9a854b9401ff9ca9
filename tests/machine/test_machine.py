"""Runs the state machine on the real log, and on three broken ones, whose bugs it must find."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from feed import log, messages
from feed.hub import database_watch, history, poller, tail
from feed.log import batch, numbering, sql
from feed.streams.stream import STREAMS
from tests.machine import broken
from tests.machine.clients import Lost
from tests.machine.concurrent_numbering import concurrent_work
from tests.machine.machine import FeedMachine
from tests.machine.runs import run, seeds
from tests.machine.teams import Team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture(autouse=True)
def small_bounds(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds so small that a few changes exceed them."""
    settings.FEED_TAIL = 5
    monkeypatch.setattr(poller, "BATCH", 4)
    monkeypatch.setattr(history, "MAX_SCAN", 8)
    monkeypatch.setattr(history, "BATCH", 3)
    monkeypatch.setattr(history, "PAGE_SIZE", 1500)
    monkeypatch.setattr(history, "PAGE_SECONDS", float("inf"))  # independent of the machine's speed
    monkeypatch.setattr(tail, "FRAME_SIZE", 1500)
    monkeypatch.setattr(tail, "MAX_FRAMES", 3)


@pytest.fixture(autouse=True)
def teams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STREAMS, "team", Team())


@pytest.fixture(autouse=True)
def stepped_doorbell(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine decides when the doorbell is heard. A locked SQLite fails at once."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.support.layers.SteppedLayer"}}
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0)


@pytest.fixture(autouse=True)
def no_watch_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread would ring by a clock that the machine doesn't control."""
    monkeypatch.setattr(database_watch, "is_needed", lambda: False)


@pytest.fixture(autouse=True)
def interrupted_numbering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let concurrent work run between the lock on the head and the numbering.

    PostgreSQL would get both statements in one message, so batching is off.
    """

    def run_before_numbering(execute: Callable[..., Any], statement: str, *rest: Any) -> Any:
        if statement == sql.NUMBER.render():
            concurrent_work.run()
        return execute(statement, *rest)

    def execute_interrupted(calls: Sequence[batch.Call]) -> Any:
        with connection.execute_wrapper(run_before_numbering):
            return batch.execute_batch(calls)

    monkeypatch.setattr(numbering, "execute_batch", execute_interrupted)
    monkeypatch.setattr(batch.batching, "is_on", False)


@pytest.mark.parametrize("number", seeds(), ids="seed {}".format)
def test_no_client_loses_a_change_in_any_order_of_steps(number: int) -> None:
    run(FeedMachine, number)


# The machine finds the bug in three broken logs.


class ClientMachine(FeedMachine):
    """Checks only what clients show. Doesn't prune, because the positions of a broken log have no meaning."""

    def check_log(self) -> None:
        self.world.model.number()

    def prune(self, one: object) -> None: ...


class ClientMachineWithoutPolls(ClientMachine):
    def poll(self) -> None: ...


def assert_finds_a_loss(machine: type[FeedMachine]) -> None:
    with pytest.raises(Lost):
        for number in range(10):
            run(machine, number)


@pytest.mark.postgresql
def test_the_machine_finds_that_primary_keys_as_positions_lose_late_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite has one writer at a time, so its keys follow the order of commits."""
    monkeypatch.setattr(log, "number", broken.number_by_key)
    monkeypatch.setattr(log, "number_and_read", broken.number_and_read)
    assert_finds_a_loss(ClientMachine)


def test_the_machine_finds_that_concurrent_numbering_without_the_lock_loses_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log, "number", broken.number_without_the_lock)
    monkeypatch.setattr(log, "number_and_read", broken.number_and_read)
    assert_finds_a_loss(ClientMachine)


def test_the_machine_finds_that_ringing_before_the_commit_loses_changes_without_a_poll(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(messages, "ring_on_commit", broken.ring_at_once)
    assert_finds_a_loss(ClientMachineWithoutPolls)
