"""The websocket without a server: the frames that a watcher gets."""

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


async def test_the_first_frame_comes_at_once_and_has_the_position_of_the_log(alice: User) -> None:
    async with connect() as watcher:
        frame = await watcher.frame()
    assert frame == {"type": "changes", "log": frame["log"], "after": 1, "position": 1, "changes": []}
    assert len(frame["log"]) >= 4


async def test_after_0_sends_the_whole_feed_and_then_new_events(alice: User) -> None:
    await post_status(alice, "before")
    async with connect("?after=0") as watcher:
        first = await watcher.frame()
        assert texts(first) == ["before"]
        await post_status(alice, "live")
        second = await watcher.frame()
    assert texts(second) == ["live"]
    assert (first["after"], second["after"]) == (0, first["position"])


async def test_a_watcher_gets_edits_and_deletions(alice: User) -> None:
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


async def test_frames_of_a_narrow_stream_tile_the_log(alice: User) -> None:
    async with connect("?stream=kind:comment&after=0") as watcher:
        frames = [await watcher.frame()]
        status = await post_status(alice, "not for this watcher")
        for number in range(3):
            await post_comment(alice, status, str(number))
        while not frames[-1]["changes"] or texts(frames[-1])[-1] != "2":
            frames.append(await watcher.frame())
    assert [later["after"] for later in frames[1:]] == [earlier["position"] for earlier in frames[:-1]]
    assert [text for frame in frames for text in texts(frame)] == ["0", "1", "2"]


async def test_a_heartbeat_advances_the_cursor(alice: User, settings: Settings) -> None:
    settings.FEED_HEARTBEAT = 0.2
    async with connect("?stream=kind:comment") as watcher:
        first = await watcher.frame()
        await post_status(alice, "not for this watcher")
        frame = await watcher.frame()
        while frame["position"] == first["position"]:
            frame = await watcher.frame()
    assert frame["changes"] == []
    assert frame["position"] == first["position"] + 1


async def test_a_ping_is_answered_with_a_frame(alice: User) -> None:
    async with connect() as watcher:
        first = await watcher.frame()
        await watcher.send_json_to({"type": "ping"})
        frame = await watcher.frame()
    assert (frame["type"], frame["after"], frame["changes"]) == ("changes", first["position"], [])


async def test_without_a_doorbell_the_poll_finds_a_post(alice: User, settings: Settings) -> None:
    settings.FEED_POLL = 0.05
    settings.CHANNEL_LAYERS = {}
    async with connect() as watcher:
        await watcher.frame()
        await post_status(alice, "found by the poll")
        assert texts(await watcher.frame()) == ["found by the poll"]


async def test_with_a_doorbell_a_post_does_not_wait_for_the_poll(alice: User, settings: Settings) -> None:
    settings.FEED_POLL = 3600
    async with connect() as watcher:
        await watcher.frame()
        await post_status(alice, "found by the doorbell")
        assert texts(await watcher.frame()) == ["found by the doorbell"]


async def test_an_event_of_several_streams_arrives_once(alice: User) -> None:
    async with connect("?stream=user:alice&stream=public&stream=kind:status_change") as watcher:
        await watcher.frame()
        await post_status(alice, "once")
        frame = await watcher.frame()
    assert texts(frame) == ["once"]


async def test_a_change_is_encoded_once_for_all_watchers(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_a_thread_stream_holds_an_event_and_its_comments(alice: User) -> None:
    status = await post_status(alice, "Hello")
    other = await post_status(alice, "Other")
    async with connect(f"?stream=thread:{status.pk}&after=0") as watcher:
        assert texts(await watcher.frame()) == ["Hello"]
        await post_comment(alice, other, "elsewhere")
        await post_comment(alice, status, "here")
        assert texts(await watcher.frame()) == ["here"]


async def test_the_hub_forgets_watchers_that_have_left(alice: User) -> None:
    async with connect() as watcher:
        await watcher.frame()
        assert hub()._subscriptions
    assert not hub()._subscriptions


async def test_the_consumer_works_as_an_asgi_application(alice: User) -> None:
    watcher = SocketClient(FeedConsumer.as_asgi(), "/ws/feed/?after=0")
    assert (await watcher.connect())[0]
    await watcher.frame()
    await post_status(alice, "live")
    assert texts(await watcher.frame()) == ["live"]
    await watcher.disconnect()


async def test_a_watcher_keeps_no_copy_of_its_scope() -> None:
    gc.collect()  # the scopes of earlier connections
    async with connect() as watcher:
        await watcher.frame()
        assert not [each for each in gc.get_objects() if type(each) is dict and "url_route" in each]


async def test_a_watcher_that_cannot_join_is_closed_with_4012(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise AssertionError("an unexpected error")

    with monkeypatch.context() as patch:
        patch.setattr(Hub, "join", fail)
        async with connect() as watcher:
            assert await watcher.closed() == 4012
    assert "an unexpected error" in caplog.text
    async with connect() as watcher:
        assert (await watcher.frame())["type"] == "changes"
