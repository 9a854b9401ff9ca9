"""The websocket from the outside, without a server: what comes when something is posted."""

import gc

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from pytest_django import Settings

from feed.consumers import FeedConsumer
from feed.frames.formats import FORMATS
from feed.hub import Hub, hub
from feed.models import Event
from tests.feed.sockets import SocketClient, connect, post_comment, post_status, texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]


async def test_the_first_frame_comes_at_once_and_tells_where_the_log_stands(alice: User) -> None:
    async with connect() as watcher:
        frame = await watcher.frame()
    assert frame == {"type": "changes", "log": frame["log"], "after": 1, "position": 1, "changes": []}
    assert len(frame["log"]) >= 4


async def test_after_0_shows_the_whole_feed_and_goes_on(alice: User) -> None:
    await post_status(alice, "before")
    async with connect("?after=0") as watcher:
        first = await watcher.frame()
        assert texts(first) == ["before"]
        await post_status(alice, "live")
        second = await watcher.frame()
    assert texts(second) == ["live"]
    assert (first["after"], second["after"]) == (0, first["position"])


async def test_edits_and_deletions_come_too(alice: User) -> None:
    status = await post_status(alice, "Hello")
    async with connect() as watcher:
        await watcher.frame()
        status.text = "Hello!"
        await database_sync_to_async(status.save)()
        change = (await watcher.frame())["changes"][0]
        assert (change["action"], change["event"]["text"]) == ("updated", "Hello!")
        assert change["event"]["edited_at"]
        pk = status.pk
        await database_sync_to_async(status.delete)()
        change = (await watcher.frame())["changes"][0]
    assert (change["action"], change["event"]) == ("deleted", {"id": pk, "kind": "status_change"})


async def test_frames_tile_the_log_whatever_the_streams(alice: User) -> None:
    async with connect("?stream=kind:comment&after=0") as watcher:
        frames = [await watcher.frame()]
        status = await post_status(alice, "not for this watcher")
        for number in range(3):
            await post_comment(alice, status, str(number))
        while not frames[-1]["changes"] or texts(frames[-1])[-1] != "2":
            frames.append(await watcher.frame())
    assert [later["after"] for later in frames[1:]] == [earlier["position"] for earlier in frames[:-1]]
    assert [text for frame in frames for text in texts(frame)] == ["0", "1", "2"]


async def test_a_quiet_feed_has_a_heartbeat_that_counts_its_interval(alice: User, settings: Settings) -> None:
    settings.FEED_HEARTBEAT = 0.2
    async with connect("?stream=kind:comment") as watcher:
        first = await watcher.frame()
        await post_status(alice, "not for this watcher")
        frame = await watcher.frame()
        while frame["position"] == first["position"]:
            frame = await watcher.frame()
    assert frame["changes"] == []
    assert frame["position"] == first["position"] + 1


async def test_a_ping_is_answered_by_a_frame(alice: User) -> None:
    async with connect() as watcher:
        first = await watcher.frame()
        await watcher.send_json_to({"type": "ping"})
        answer = await watcher.frame()
    assert (answer["type"], answer["after"], answer["changes"]) == ("changes", first["position"], [])


async def test_without_a_doorbell_the_poll_finds_what_was_posted(alice: User, settings: Settings) -> None:
    settings.FEED_POLL = 0.05
    settings.CHANNEL_LAYERS = {}
    async with connect() as watcher:
        await watcher.frame()
        await post_status(alice, "unheard")
        assert texts(await watcher.frame()) == ["unheard"]


async def test_with_a_doorbell_nobody_waits_for_the_poll(alice: User, settings: Settings) -> None:
    settings.FEED_POLL = 3600
    async with connect() as watcher:
        await watcher.frame()
        await post_status(alice, "heard")
        assert texts(await watcher.frame()) == ["heard"]


async def test_an_event_of_several_streams_arrives_once(alice: User) -> None:
    async with connect("?stream=user:alice&stream=public&stream=kind:status_change") as watcher:
        await watcher.frame()
        await post_status(alice, "once")
        frame = await watcher.frame()
    assert texts(frame) == ["once"]


async def test_each_change_is_encoded_once_however_many_watch(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []
    encode = FORMATS["json"].event

    def count(event: Event) -> str:
        encoded.append(event.pk)
        return encode(event)

    monkeypatch.setattr(FORMATS["json"], "event", count)
    async with connect("?after=0") as one, connect("?after=0") as two, connect("?after=0&stream=user:alice") as three:
        for watcher in (one, two, three):
            await watcher.frame()
        status = await post_status(alice, "Hello")
        for watcher in (one, two, three):
            assert texts(await watcher.frame()) == ["Hello"]
    assert encoded.count(status.pk) == 1


async def test_a_thread_is_an_event_and_the_comments_on_it(alice: User) -> None:
    status = await post_status(alice, "Hello")
    other = await post_status(alice, "Other")
    async with connect(f"?stream=thread:{status.pk}&after=0") as watcher:
        assert texts(await watcher.frame()) == ["Hello"]
        await post_comment(alice, other, "elsewhere")
        await post_comment(alice, status, "here")
        assert texts(await watcher.frame()) == ["here"]


async def test_watchers_that_have_left_are_forgotten(alice: User) -> None:
    async with connect() as watcher:
        await watcher.frame()
        assert hub()._subscriptions
    assert not hub()._subscriptions


async def test_the_consumer_is_an_application_by_itself(alice: User) -> None:
    watcher = SocketClient(FeedConsumer.as_asgi(), "/ws/feed/?after=0")
    assert (await watcher.connect())[0]
    await watcher.frame()
    await post_status(alice, "live")
    assert texts(await watcher.frame()) == ["live"]
    await watcher.disconnect()


async def test_who_watches_keeps_no_copy_of_the_scope() -> None:
    gc.collect()  # of connections that have ended
    async with connect() as watcher:
        await watcher.frame()
        assert not [kept for kept in gc.get_objects() if type(kept) is dict and "url_route" in kept]


async def test_a_watcher_that_can_not_be_served_is_told_to_come_back(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise AssertionError("something that nobody thought of")

    with monkeypatch.context() as broken:
        broken.setattr(Hub, "join", fail)
        async with connect() as watcher:
            assert await watcher.closed() == 4012
    assert "something that nobody thought of" in caplog.text
    async with connect() as watcher:
        assert (await watcher.frame())["type"] == "changes"
