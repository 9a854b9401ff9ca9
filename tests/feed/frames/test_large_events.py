"""Large events: memory has a bound, and watchers still get every event."""

import json
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from pytest_django import Settings

from feed import log
from feed.frames import encoding
from feed.hub import hub
from feed.models import StatusChange
from tests.feed.sockets import connect, texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def post_sizes(alice: User, *sizes: int) -> int:
    """Post texts of these sizes. Returns the head of the log before them."""
    before = log.number().head
    for size in sizes:
        StatusChange.objects.create(user=alice, text="x" * size)
    return before


def test_events_are_loaded_in_parts_until_their_size_is_reached(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    before = post_sizes(alice, *[1000] * 100)
    changes = log.read(before, log.number().head)
    loaded: list[int] = []
    load = encoding.load

    def record(part: Any, read: Any = ()) -> Any:
        loaded.append(len(part))
        return load(part, read)

    monkeypatch.setattr(encoding, "load", record)
    entries = encoding.load_encoded(changes, ["json"], 30_000)
    assert [entry.position for entry in entries] == [change.position for change in changes[: len(entries)]]
    assert 30_000 <= sum(entry.total_size for entry in entries) < 35_000
    assert loaded[0] == encoding.MIN_PART
    assert sum(loaded) == len(entries)
    assert all(entry.event is None for entry in entries)
    assert len(encoding.load_encoded(changes, ["json", "html"], 1)) == encoding.MIN_PART


@pytest.mark.parametrize("query", ["", "?stream=user:alice"])
async def test_watchers_get_events_that_are_larger_than_the_tail(
    alice: User, closed_hub: None, settings: Settings, query: str
) -> None:
    settings.FEED_TAIL_BYTES = 10_000
    async with connect(query) as live, connect("?stream=kind:comment") as other:
        first = await live.frame()
        await other.frame()
        await database_sync_to_async(post_sizes)(alice, *[6000, 20_000, 100, 6000, 6000])
        got: list[int] = []
        while len(got) < 5:
            got += [len(text) for text in texts(await live.frame())]
        assert hub().tail.size <= 10_000
    assert got == [6000, 20_000, 100, 6000, 6000]
    async with connect(f"{query}{'&' if query else '?'}after={first['position']}") as late:
        got = []
        while len(got) < 5:
            got += [len(text) for text in texts(await late.frame())]
    assert got == [6000, 20_000, 100, 6000, 6000]


async def test_the_tail_is_also_encoded_for_a_format_that_joins_later(alice: User, closed_hub: None) -> None:
    async with connect() as program:
        start = await program.frame()
        await database_sync_to_async(post_sizes)(alice, 10, 20)
        while len(hub().tail.entries) < start["position"] + 2:
            await program.frame()
        async with connect("?format=html") as page:
            await page.send_to(text_data=json.dumps({"after": str(start["position"])}))
            html = await page.html()
    assert "x" * 20 in html
    assert all(entry.event is None and set(entry.encoded) == {"json", "html"} for entry in hub().tail.entries)
