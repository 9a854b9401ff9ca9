"""Watchers with a cursor: they get the changes that they missed, or a reset."""

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from pytest_django import Settings

from feed import log
from feed.log import Change, Log
from tests.feed.sockets import SocketClient, apply_frame, connect, post_comment, post_status, texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]


async def test_a_client_that_resumes_ends_in_the_same_state_as_one_that_never_left(alice: User) -> None:
    edited, deleted = await post_status(alice, "first"), await post_status(alice, "second")
    state: dict[int, str | None] = {}
    async with connect("?after=0") as watcher:
        cursor = apply_frame(await watcher.frame(), state)
    assert {"first", "second"} < set(state.values())
    edited.text = "first, edited"
    await database_sync_to_async(edited.save)()
    await database_sync_to_async(deleted.delete)()
    added = await post_status(alice, "added")
    added.text = "added, edited"
    await database_sync_to_async(added.save)()
    head = (await database_sync_to_async(log.number)()).head
    async with connect(f"?after={cursor}") as watcher:
        while cursor < head:
            cursor = apply_frame(await watcher.frame(), state)
    assert set(state.values()) == {None, "first, edited", "added, edited"}  # None is the welcome


async def receive_texts(watcher: SocketClient, cursor: int, count: int) -> list[str]:
    """The texts of the next `count` events, from frames that must tile."""
    got: list[str] = []
    while len(got) < count:
        frame = await watcher.frame()
        assert frame["after"] == cursor
        cursor = frame["position"]
        got += texts(frame)
    return got


async def test_a_cursor_older_than_the_tail_is_served_from_the_database(alice: User, settings: Settings) -> None:
    settings.FEED_TAIL = 3
    for number in range(10):
        await post_status(alice, str(number))
    async with connect("?after=1") as watcher:
        got = await receive_texts(watcher, 1, 10)
    assert got == [str(number) for number in range(10)]


async def test_a_replay_finds_the_few_changes_of_its_stream_among_many(
    alice: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FEED_TAIL = 3
    monkeypatch.setattr("feed.hub.poller.BATCH", 5)
    monkeypatch.setattr("feed.hub.history.BATCH", 5)
    monkeypatch.setattr("feed.hub.history.PAGE_SIZE", 1000)
    status = await post_status(alice, "status")
    for number in range(20):
        await (post_comment(alice, status, str(number)) if number % 4 else post_status(alice, "noise"))
    async with connect("?stream=kind:comment&after=1") as watcher:
        got = await receive_texts(watcher, 1, 15)
    assert got == [str(number) for number in range(20) if number % 4]


async def test_a_large_replay_is_split_into_frames_that_tile(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.hub.tail.FRAME_SIZE", 2000)
    for number in range(10):
        await post_status(alice, str(number) * 1000)
    async with connect("?after=0") as watcher:
        frames = [await watcher.frame()]
        while frames[-1]["position"] < 11:
            frames.append(await watcher.frame())
    assert len(frames) >= 10
    assert [later["after"] for later in frames[1:]] == [earlier["position"] for earlier in frames[:-1]]
    assert [text[0] for frame in frames for text in texts(frame)] == [str(number) for number in range(10)]


async def test_a_pruned_cursor_is_reset(alice: User, settings: Settings) -> None:
    for number in range(5):
        await post_status(alice, str(number))
    head = (await database_sync_to_async(log.number)()).head

    def prune() -> None:
        Change.objects.filter(position__lte=4).delete()
        Log.objects.update(floor=4)

    await database_sync_to_async(prune)()
    async with connect("?after=2") as watcher:
        reset = await watcher.frame()
        assert reset == {"type": "reset", "log": reset["log"], "position": head, "reason": "expired"}
        await post_status(alice, "next")
        frame = await watcher.frame()
    assert (frame["after"], texts(frame)) == (head, ["next"])


async def test_a_cursor_ahead_of_the_log_is_reset(alice: User) -> None:
    async with connect("?after=1000") as watcher:
        reset = await watcher.frame()
    assert (reset["type"], reset["reason"], reset["position"]) == ("reset", "ahead", 1)


async def test_a_cursor_of_another_log_is_reset(alice: User) -> None:
    async with connect("?after=1&log=another") as watcher:
        reset = await watcher.frame()
    assert (reset["type"], reset["reason"]) == ("reset", "other_log")


async def test_a_cursor_of_this_log_resumes(alice: User) -> None:
    name = (await database_sync_to_async(log.state)()).epoch
    async with connect(f"?after=0&log={name}") as watcher:
        assert (await watcher.frame())["type"] == "changes"


async def test_connected_watchers_are_reset_when_the_log_is_renamed(alice: User, settings: Settings) -> None:
    settings.FEED_POLL = 0.05
    async with connect() as watcher:
        old = (await watcher.frame())["log"]
        new = await database_sync_to_async(log.rename)()
        reset = await watcher.frame()
    assert old != new
    assert (reset["type"], reset["reason"], reset["log"]) == ("reset", "other_log", new)


async def test_a_cursor_that_this_process_has_not_read_yet_is_not_reset(alice: User, settings: Settings) -> None:
    """Another process may have numbered changes that this hub hasn't read yet."""
    settings.FEED_POLL = 3600
    settings.CHANNEL_LAYERS = {}
    async with connect() as early:
        head = (await early.frame())["position"]
        await post_status(alice, "numbered elsewhere")
        await database_sync_to_async(log.number)()
        async with connect(f"?after={head + 1}") as late:
            frame = await late.frame()
    assert (frame["type"], frame["after"], frame["changes"]) == ("changes", head + 1, [])


async def test_a_client_that_resumes_a_deleted_thread_gets_its_deletion(alice: User) -> None:
    status = await post_status(alice, "Hello")
    pk, cursor = status.pk, (await database_sync_to_async(log.number)()).head
    await database_sync_to_async(status.delete)()
    async with connect(f"?stream=thread:{pk}&after={cursor}") as watcher:
        change = (await watcher.frame())["changes"][0]
    assert (change["action"], change["event"]["id"]) == ("deleted", pk)
