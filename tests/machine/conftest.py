"""The surroundings of the machine: small bounds, teams, and nothing that happens by itself."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from feed.hub import database_watch, history, poller, tail
from feed.log import batch, numbering, sql
from feed.streams.stream import STREAMS
from tests.machine.concurrent_numbering import concurrent_work
from tests.machine.teams import Team


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
