"""Whatever happens, in any order: nobody loses a change, and nobody keeps what never was."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from feed import log, messages
from feed.hub import history, poller, tail
from feed.log import batch, numbering, sql
from tests.machine import broken
from tests.machine.clients import Lost
from tests.machine.elsewhere import elsewhere
from tests.machine.machine import FeedMachine
from tests.machine.runs import run, seeds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture(autouse=True)
def small(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds so small that a handful of changes goes beyond them."""
    settings.FEED_TAIL = 5
    monkeypatch.setattr(poller, "BATCH", 4)
    monkeypatch.setattr(history, "MAX_SCAN", 8)
    monkeypatch.setattr(history, "BATCH", 3)
    monkeypatch.setattr(history, "PAGE_SIZE", 1500)
    monkeypatch.setattr(history, "PAGE_SECONDS", float("inf"))  # or it would depend on how fast the machine is
    monkeypatch.setattr(tail, "FRAME_SIZE", 1500)
    monkeypatch.setattr(tail, "MAX_FRAMES", 3)


@pytest.fixture(autouse=True)
def stepped(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine decides when the doorbell is heard; who finds SQLite locked is told so at once."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.support.layers.SteppedLayer"}}
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0)


@pytest.fixture(autouse=True)
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the locking of the head and the giving of positions something may happen elsewhere.

    In one message to PostgreSQL there would be no moment between the two: so the statements are sent one by one.
    """

    def happens_before(execute: Callable[..., Any], statement: str, *rest: Any) -> Any:
        if statement == sql.NUMBER.render():
            elsewhere.happens()
        return execute(statement, *rest)

    def interrupted(calls: Sequence[batch.Call]) -> Any:
        with connection.execute_wrapper(happens_before):
            return batch.execute_batch(calls)

    monkeypatch.setattr(numbering, "execute_batch", interrupted)
    monkeypatch.setattr(batch.batching, "is_on", False)


@pytest.mark.parametrize("number", seeds(), ids="seed {}".format)
def test_nobody_loses_anything_whatever_happens(number: int) -> None:
    run(FeedMachine, number)


# That it would be found: three logs that are wrong, and what those who watch lose by them.


class Watchers(FeedMachine):
    """Looks only at what clients show. Pruning by position makes no sense where positions don't."""

    def the_log_is_the_list(self) -> None:
        self.world.plain.number()

    def prune(self, one: object) -> None: ...


class WatchersWithoutPolls(Watchers):
    def poll(self) -> None: ...


def assert_loses(machine: type[FeedMachine]) -> None:
    with pytest.raises(Lost):
        for number in range(10):
            run(machine, number)


@pytest.mark.postgresql
def test_positions_taken_from_the_primary_key_lose_what_commits_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite has but one writer at a time, so that keys follow commits there."""
    monkeypatch.setattr(log, "number", broken.number_by_key)
    monkeypatch.setattr(log, "number_and_read", broken.number_and_read)
    assert_loses(Watchers)


def test_numbering_without_the_lock_loses_what_two_number_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "number", broken.number_without_the_lock)
    monkeypatch.setattr(log, "number_and_read", broken.number_and_read)
    assert_loses(Watchers)


def test_ringing_before_the_commit_loses_what_nobody_polls_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "ring_on_commit", broken.ring_at_once)
    assert_loses(WatchersWithoutPolls)
