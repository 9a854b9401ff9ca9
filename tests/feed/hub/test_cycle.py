"""What the hub costs the database: its queries grow with its cycles, not with events or watchers."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from pytest_django import Settings

from feed.frames.entries import Entry
from feed.frames.formats import Frame
from feed.hub import Hub, hub, tail
from feed.hub.poller import LogPoller
from feed.hub.tail import make_frame
from feed.hub.threads import ReadingThreads
from feed.hub.watcher import Watcher
from tests.feed.log.statements import numbers
from tests.feed.sockets import connect, post_status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]


@dataclass
class Cycles:
    count: int = 0
    queries: int = 0
    numberings: int = 0


@pytest.fixture
def cycles(monkeypatch: pytest.MonkeyPatch) -> Cycles:
    """Counts what the hub does in the database."""
    counted = Cycles()
    read = LogPoller._read

    def counted_query(execute: Callable[..., Any], statement: str, *rest: Any) -> Any:
        counted.queries += 1
        counted.numberings += numbers(statement)
        return execute(statement, *rest)

    def counted_cycle(poller: LogPoller, read_ahead: bool) -> Any:
        counted.count += 1
        with connection.execute_wrapper(counted_query):
            return read(poller, read_ahead)

    monkeypatch.setattr(LogPoller, "_read", counted_cycle)
    return counted


@pytest.fixture(autouse=True)
def no_polls(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FEED_POLL = 3600  # only the doorbell starts a cycle
    monkeypatch.setattr("feed.hub.database_watch.INTERVAL", 3600)


async def test_each_post_of_a_slow_stream_costs_one_transaction(alice: User, cycles: Cycles) -> None:
    async with connect() as watcher:
        await watcher.frame()
        before = await between_cycles(cycles)
        for number in range(5):
            await post_status(alice, str(number))
            await watcher.frame()
        after = await between_cycles(cycles)
    count = after.count - before.count
    assert 5 <= count <= 10
    assert 5 <= after.numberings - before.numberings <= count


async def test_the_first_pages_make_the_hub_encode_its_memory_once_in_short_reads(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read that takes too long is begun again, so one read for all could go on for ever. Many pages come at once."""
    monkeypatch.setattr("feed.hub.poller.ENCODED_AT_ONCE", 2)
    sizes: list[int] = []
    encode_again = LogPoller._encode_again

    def noted(poller: LogPoller, entries: Sequence[Entry], formats: frozenset[str]) -> Any:
        sizes.append(len(entries))
        return encode_again(poller, entries, formats)

    monkeypatch.setattr(LogPoller, "_encode_again", noted)
    async with connect() as watcher:
        position = (await watcher.frame())["position"]
        for number in range(5):
            await post_status(alice, str(number))
        while position < hub().tail.head or len(hub().tail.entries) < 5:
            position = (await watcher.frame())["position"]
        await asyncio.gather(*(hub().poller.add_format("html") for _ in range(3)))
        entries = hub().tail.entries
    assert max(sizes) == 2
    assert sum(sizes) == len(entries)
    assert all({"json", "html"} <= entry.encoded.keys() for entry in entries)


@pytest.mark.postgresql
async def test_a_post_of_a_known_kind_costs_postgresql_one_round_trip(alice: User, cycles: Cycles) -> None:
    async with connect() as watcher:
        await watcher.frame()
        await stop_cycles(hub())
        round_trips = []
        for text in ("first", "second", "third"):
            await post_status(alice, text)
            before = cycles.queries
            await hub().poller.advance(read_ahead=True)
            round_trips.append(cycles.queries - before)
        texts = [json.loads(entry.encoded["json"] or "{}").get("text") for entry in hub().tail.entries]
        await hub().poller._thread.run(connections.close_all)
    assert texts[-3:] == ["first", "second", "third"]
    assert round_trips[-1] == 1 < round_trips[0], (
        "The first post opens the connection. By the third, all statements are prepared."
    )


async def test_posts_made_at_once_are_numbered_together(alice: User, cycles: Cycles) -> None:
    async with connect() as watcher, connect("?stream=user:alice") as other:
        first = [await watcher.frame(), await other.frame()]
        before = cycles.numberings
        async with hub().poller.reading:
            for number in range(50):
                await post_status(alice, str(number))
        head = first[0]["position"] + 50
        for each in (watcher, other):
            while (await each.frame())["position"] < head:
                pass
    assert cycles.numberings - before < 10, "Each post was numbered on its own."


async def test_a_frame_is_made_once_for_all_watchers_of_the_same_streams(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Watcher] = []

    def counted(watcher: Watcher, entries: Sequence[Entry], position: int) -> Frame:
        made.append(watcher)
        return make_frame(watcher, entries, position)

    async with connect() as one, connect() as two, connect("?stream=user:alice") as third:
        watchers = (one, two, third)
        for watcher in watchers:
            await watcher.frame()
        await stop_cycles(hub())
        monkeypatch.setattr(tail, "make_frame", counted)
        await post_status(alice, "hello")
        await hub().poller.advance()
        sending = asyncio.create_task(hub()._scheduler.run())
        try:
            frames = [await watcher.frame() for watcher in watchers]
        finally:
            sending.cancel()
        await hub().poller._thread.run(connections.close_all)
    assert [frame["changes"][0]["event"]["text"] for frame in frames] == ["hello"] * 3
    assert len(made) == 2, "One frame for the two watchers of the same streams, and one for the third."


async def test_a_poll_that_finds_nothing_costs_one_query(alice: User, cycles: Cycles) -> None:
    async with connect() as watcher:
        await watcher.frame()
        await stop_cycles(hub())
        before = cycles.count, cycles.queries, cycles.numberings
        await hub().poller.advance()
        after = cycles.count, cycles.queries, cycles.numberings
        await hub().poller._thread.run(connections.close_all)
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 0]


async def between_cycles(cycles: Cycles) -> Cycles:
    """The counts while no cycle runs: the ring of an earlier post may have started one."""
    async with hub().poller.reading:
        return replace(cycles)


async def stop_cycles(hub: Hub) -> None:
    """Let only the test start cycles: the ring of an earlier post may still be on its way."""
    await hub.close()
    hub.poller._thread = ReadingThreads(1, "rill-hub", keep_connection=True)
