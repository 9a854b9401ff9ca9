"""What following the log costs the database: by the cycle of a hub, and not by the event or the watcher."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import current_thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from pytest_django import Settings

from feed.hub import Hub, hub
from tests.feed.test_consumers import client, closed_hub, post

__all__ = ["closed_hub"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@dataclass
class Cycles:
    count: int = 0
    queries: int = 0
    commits: int = 0


@pytest.fixture
def cycles(monkeypatch: pytest.MonkeyPatch) -> Cycles:
    """What the hubs do to the database, from now on."""
    counted = Cycles()
    wrapper: Any = type(connections["default"])
    commit, read_on = wrapper.commit, Hub._read_on

    def counted_commit(self: Any) -> None:
        counted.commits += current_thread().name.startswith("rill-hub")
        commit(self)

    def counted_query(execute: Callable[..., Any], *arguments: Any) -> Any:
        counted.queries += 1
        return execute(*arguments)

    def counted_cycle(hub: Hub) -> Any:
        counted.count += 1
        with connection.execute_wrapper(counted_query):
            return read_on(hub)

    monkeypatch.setattr(wrapper, "commit", counted_commit)
    monkeypatch.setattr(Hub, "_read_on", counted_cycle)
    return counted


@pytest.fixture(autouse=True)
def rung_only(settings: Settings) -> None:
    settings.FEED_POLL = 3600


async def test_each_post_of_a_slow_stream_costs_one_transaction(alice: User, cycles: Cycles) -> None:
    async with client() as watcher:
        await watcher.frame()
        before = Cycles(cycles.count, cycles.queries, cycles.commits)
        for number in range(5):
            await post(alice, str(number))
            await watcher.frame()
    assert 5 <= cycles.count - before.count <= 10
    assert cycles.commits - before.commits == 5
    assert cycles.queries - before.queries <= 8 * 5 + (cycles.count - before.count - 5)


async def test_what_has_been_posted_at_once_costs_no_more_than_a_single_post(alice: User, cycles: Cycles) -> None:
    async with client() as watcher, client("?stream=user:alice") as other:
        first = [await watcher.frame(), await other.frame()]
        before = cycles.commits
        for number in range(50):
            await post(alice, str(number))
        head = first[0]["position"] + 50
        for each in (watcher, other):
            while (await each.frame())["position"] < head:
                pass
    assert cycles.commits - before <= cycles.count
    assert cycles.commits - before < 25, "As many transactions as posts, or half as many."


async def test_a_ring_for_nothing_costs_one_query(alice: User, cycles: Cycles) -> None:
    async with client() as watcher:
        await watcher.frame()
        before = cycles.count, cycles.queries, cycles.commits
        await hub()._advance()
        after = cycles.count, cycles.queries, cycles.commits
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 0]
