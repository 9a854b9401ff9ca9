"""Server-sent events without a server: frames, and how a client resumes. tests/test_event_streams.py has servers."""

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from pytest_django import Settings

from feed import log
from tests.feed.event_streams import reading
from tests.feed.sockets import connect, post_comment, post_status, texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]

in_thread = database_sync_to_async


def bearer(secret: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {secret}".encode())]


async def test_the_first_frame_comes_at_once_and_is_that_of_the_websocket(alice: User) -> None:
    async with reading() as client, connect() as watcher:
        frame = await client.frame()
        assert frame == await watcher.frame()
        assert (client.status, client.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert client.headers["cache-control"] == "no-store"
        assert client.headers["x-accel-buffering"] == "no"
        assert client.parser.last_event_id == f"{frame['log']}:{frame['position']}"


async def test_after_0_sends_the_whole_feed_and_then_new_events(alice: User) -> None:
    await post_status(alice, "before\nand a second line")
    async with reading("?after=0") as client:
        first = await client.frame()
        assert texts(first) == ["before\nand a second line"]
        await post_status(alice, "live ✓")
        second = await client.frame()
    assert texts(second) == ["live ✓"]
    assert (first["after"], second["after"]) == (0, first["position"])


async def test_frames_of_a_narrow_stream_tile_the_log(alice: User) -> None:
    async with reading("?stream=kind:comment&after=0") as client:
        frames = [await client.frame()]
        status = await post_status(alice, "not for this client")
        for number in range(3):
            await post_comment(alice, status, str(number))
        while not frames[-1]["changes"] or texts(frames[-1])[-1] != "2":
            frames.append(await client.frame())
    assert [later["after"] for later in frames[1:]] == [earlier["position"] for earlier in frames[:-1]]
    assert [text for frame in frames for text in texts(frame)] == ["0", "1", "2"]


@pytest.mark.parametrize("has_log", [True, False], ids=["with the log", "a number alone"])
async def test_a_browser_that_comes_back_gets_what_it_missed_whatever_its_url_says(alice: User, has_log: bool) -> None:
    async with reading("?after=0") as client:
        await client.frame()
        seen = client.parser.last_event_id
    await post_status(alice, "missed")
    async with reading("?after=0", last_event_id=seen if has_log else seen.partition(":")[2]) as client:
        frames = [await client.frame()]
        while not texts(frames[-1]):
            frames.append(await client.frame())
    assert frames[0]["after"] == int(seen.partition(":")[2])
    assert texts(frames[-1]) == ["missed"]


async def test_an_id_of_another_log_is_reset(alice: User) -> None:
    async with reading(last_event_id="other:1") as client:
        frame = await client.frame()
        assert (frame["type"], frame["reason"], frame["position"]) == ("reset", "other_log", 1)
        assert client.parser.last_event_id == f"{frame['log']}:1"


async def test_an_id_ahead_of_the_log_is_reset(alice: User) -> None:
    async with reading(last_event_id="1000") as client:
        assert (await client.frame())["reason"] == "ahead"


async def test_the_id_of_a_log_that_was_renamed_is_reset(alice: User) -> None:
    async with reading() as client:
        await client.frame()
        seen = client.parser.last_event_id
    await in_thread(log.rename)()
    async with reading(last_event_id=seen) as client:
        while (frame := await client.frame())["type"] == "changes":  # the hub hasn't noticed yet
            pass
        assert frame["reason"] == "other_log"


async def test_a_quiet_client_gets_a_heartbeat_that_moves_its_cursor(alice: User, settings: Settings) -> None:
    settings.FEED_HEARTBEAT = 0.2
    async with reading("?stream=kind:comment") as client:
        first = await client.frame()
        await post_status(alice, "not for this client")
        frame = await client.frame()
        while frame["position"] == first["position"]:
            frame = await client.frame()
        assert (frame["changes"], client.parser.last_event_id) == ([], f"{frame['log']}:{frame['position']}")


async def test_each_client_is_told_another_time_to_come_back(alice: User) -> None:
    waits = []
    for _ in range(5):
        async with reading() as client:
            await client.frame()
            waits.append(client.parser.retry or 0)
    assert len(set(waits)) > 1
    assert all(1000 <= wait <= 5000 for wait in waits)


async def test_a_client_that_resumes_hears_that_its_thread_was_deleted(alice: User) -> None:
    status = await post_status(alice, "Hello")
    pk = status.pk
    async with reading(f"?stream=thread:{pk}") as client:
        await client.frame()
        seen = client.parser.last_event_id
    await in_thread(status.delete)()
    async with reading(f"?stream=thread:{pk}", last_event_id=seen) as client:
        while not (frame := await client.frame())["changes"]:
            pass
        (change,) = frame["changes"]
    assert (change["action"], change["event"]["id"]) == ("deleted", pk)
