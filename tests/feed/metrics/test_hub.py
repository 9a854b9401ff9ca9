"""What is counted while watchers follow the log."""

import json

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import Error as DatabaseError
from pytest_django import Settings

from feed import log
from feed.counts import counts
from feed.frames.rows import render_rows
from feed.hub import hub
from feed.messages import MessageFactory
from feed.mirror_table import Mirror
from feed.models import StatusChange
from tests.feed.event_streams import reading
from tests.feed.metrics.scraping import Growth, Scrape, scrape
from tests.feed.sockets import connect, post_status, texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
BUCKET = "rill_delay_seconds_bucket"


async def test_each_frame_to_each_watcher_counts_with_its_bytes(alice: User, closed_hub: None) -> None:
    before = await scrape()
    async with connect() as one, connect() as two:
        received = [await one.text(), await two.text()]
        await post_status(alice, "Hellö")
        received += [await one.text(), await two.text()]
        growth = Growth(before, await scrape())
        assert growth.after.value("rill_watchers", format="json", server="other") == 2
    assert "Hellö" in json.loads(received[-1])["changes"][0]["event"]["text"]
    assert growth.of("rill_frames_total", format="json") == 4
    assert growth.of("rill_sent_bytes_total", format="json") == sum(len(text.encode()) for text in received)
    assert growth.of("rill_changes_read_total") >= 1
    assert Growth(growth.after, await scrape()).of("rill_connections_ended_total", reason="left") == 2


async def test_pages_and_programs_are_counted_apart(alice: User, closed_hub: None) -> None:
    async with connect() as program, connect("?format=html") as page:
        await program.frame()
        await page.send_to(text_data='{"after": "0"}')
        await page.html()
        found = await scrape()
    assert [found.value("rill_watchers", format=each) for each in ("json", "html")] == [1, 1]


async def test_server_sent_events_are_counted_apart_from_the_websockets_of_programs(
    alice: User, closed_hub: None
) -> None:
    before = await scrape()
    async with connect() as program, reading() as client:
        text = await program.text()
        assert json.loads(text) == await client.frame(), "Both are sent the same frame."
        growth = Growth(before, await scrape())
    doors = ("json", "events")
    assert [growth.after.value("rill_watchers", format=each) for each in doors] == [1, 1]
    assert [growth.of("rill_frames_total", format=each) for each in doors] == [1, 1]
    assert [growth.of("rill_sent_bytes_total", format=each) for each in doors] == [len(text)] * 2


async def test_the_delay_of_a_change_is_that_of_each_watcher_that_is_there(alice: User, closed_hub: None) -> None:
    before = await scrape()
    async with connect() as one, connect() as two:
        for watcher in (one, two):
            await watcher.frame()
        await post_status(alice, "live")
        for watcher in (one, two):
            assert texts(await watcher.frame()) == ["live"]
    growth = Growth(before, await scrape())
    assert growth.of("rill_delay_seconds_count") == 2
    assert growth.of(BUCKET, le="+Inf") == 2
    assert 0 <= growth.of("rill_delay_seconds_sum") < 60, "The clock of the database and ours are the same here."


async def test_what_a_client_has_missed_is_not_a_delay(alice: User, closed_hub: None) -> None:
    await post_status(alice, "long ago")
    before = await scrape()
    async with connect("?after=0") as watcher:
        assert texts(await watcher.frame()) == ["long ago"]
    growth = Growth(before, await scrape())
    assert growth.of("rill_frames_total", format="json") == 1
    assert growth.of("rill_delay_seconds_count") == 0


async def test_resets_and_refusals_count_by_what_the_client_is_told(alice: User, closed_hub: None) -> None:
    before = await scrape()
    async with connect("?after=1&log=another") as lost, connect("?stream=nowhere:1") as wrong:
        frame = await lost.frame()
        code, _ = await wrong.refusal()
    growth = Growth(before, await scrape())
    assert growth.of("rill_resets_total", reason=frame["reason"]) == 1
    assert growth.after.value("rill_refusals_total", code=code) >= 1
    assert growth.of("rill_connections_ended_total", reason="refused") == 1


async def test_watchers_of_a_server_that_stops_are_drained(alice: User, closed_hub: None) -> None:
    before = await scrape()
    async with connect() as watcher:
        await watcher.frame()
        hub().is_stopping = True
        assert (await scrape()).value("rill_draining") == 1
        draining = hub().drain()
        await draining
        assert await watcher.closed() == 4012
    assert Growth(before, await scrape()).of("rill_connections_ended_total", reason="drained") == 1


async def test_a_bell_that_is_heard_misses_nothing(
    alice: User, closed_hub: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FEED_POLL = 3600
    monkeypatch.setattr("feed.hub.database_watch.INTERVAL", 3600)
    before = await scrape()
    async with connect() as watcher:
        await watcher.frame()
        await post_status(alice, "rung")
        assert texts(await watcher.frame()) == ["rung"]
    growth = Growth(before, await scrape())
    assert growth.of("rill_bells_total", bell="doorbell") >= 1
    assert growth.of("rill_missed_changes_total") == 0


async def test_a_change_that_only_a_poll_finds_is_missed(
    alice: User, closed_hub: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FEED_POLL = 0.05
    monkeypatch.setattr("feed.hub.database_watch.INTERVAL", 3600)
    monkeypatch.setattr(MessageFactory, "on_activity", lambda self, summary: None)
    async with connect() as watcher:
        await watcher.frame()
        before = await scrape()
        await post_status(alice, "not rung")
        assert texts(await watcher.frame()) == ["not rung"]
    growth = Growth(before, await scrape())
    assert growth.of("rill_bells_total", bell="doorbell") == 0
    assert growth.of("rill_missed_changes_total") == 1


async def test_a_hub_that_does_not_read_is_behind(alice: User, closed_hub: None) -> None:
    async with connect() as watcher:
        await watcher.frame()
        async with hub().poller.reading:
            await post_status(alice, "Hello")
            waits = await scrape()
            await database_sync_to_async(log.number)()
            numbered = await scrape()
        await watcher.frame()
        read = await scrape()
    assert (waits.value("rill_log_waiting"), waits.value("rill_hub_lag")) == (1, 0)
    assert (numbered.value("rill_log_waiting"), numbered.value("rill_hub_lag")) == (0, 1)
    assert read.value("rill_hub_lag") == 0
    assert read.value("rill_hub_position") == read.value("rill_log_position")
    assert read.value("rill_hub_silence_seconds") < 60


def test_without_a_hub_there_is_a_log_and_nobody_behind(alice: User) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    found = Scrape.now()
    assert found.value("rill_log_waiting") >= 1
    assert "rill_hub_lag" not in found.names()
    assert found.value("rill_watchers_blocked") == 0


def test_a_copy_says_how_far_it_is(db: None) -> None:
    assert "rill_mirror_position" not in Scrape.now().names()
    mirror = Mirror.objects.create(pk=1, url="https://rill.example/", log="k3x9", position=41)
    assert Scrape.now().value("rill_mirror_position") == 41
    Mirror.objects.filter(pk=mirror.pk).update(position=None)
    assert Scrape.now().value("rill_mirror_position") == -1


def test_without_the_database_the_rest_is_still_there(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DatabaseError

    assert Scrape.now().value("rill_database_up") == 1
    monkeypatch.setattr(log, "state", fail)
    found = Scrape.now()
    assert found.value("rill_database_up") == 0
    assert "rill_frames_total" in found.names()
    assert "rill_log_position" not in found.names()


def test_rows_are_found_the_second_time(alice: User, hello: StatusChange) -> None:
    before = Scrape.now()
    render_rows([hello])
    first = Growth(before, Scrape.now())
    render_rows([hello])
    second = Growth(first.after, Scrape.now())
    assert (first.of("rill_row_cache_hits_total"), first.of("rill_row_cache_misses_total")) == (0, 1)
    assert (second.of("rill_row_cache_hits_total"), second.of("rill_row_cache_misses_total")) == (1, 0)
    assert second.after.value("rill_row_cache_rows") == 1
    assert second.after.value("rill_row_cache_characters") > 100


def test_delays_are_put_into_the_bucket_whose_bound_they_reach() -> None:
    before = Scrape.now()
    counts.delays.add(0.05, 3)
    counts.delays.add(1000.0, 1)
    growth = Growth(before, Scrape.now())
    assert [growth.of(BUCKET, le=bound) for bound in ("0.025", "0.05", "30.0", "+Inf")] == [0, 3, 3, 4]
