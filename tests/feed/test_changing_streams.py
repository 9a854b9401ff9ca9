"""A program changes its streams while it is connected: {"type": "watch", "streams": […]}."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from pytest_django import Settings

from feed import log
from feed.hub import hub
from feed.models import Comment, Event, StatusChange
from feed.testing import FeedWatcher
from tests.feed.sockets import Frame, SocketClient, connect, post_comment, post_status, texts
from tests.feed.test_moves import cookie_of
from tests.support.audiences import leave, team

pytestmark = pytest.mark.database

in_thread = database_sync_to_async


@pytest.fixture
def committed(transactional_db: None, closed_hub: None) -> None:
    """The hub reads in threads of its own."""


async def watch(client: SocketClient, *names: str, **options: Any) -> Frame:
    """Ask for these streams. Returns the frame that answers, after those that came before it."""
    await client.send_json_to({"type": "watch", "streams": [*names], **options})
    while (frame := await client.frame())["type"] == "changes":
        pass
    return frame


async def next_texts(client: SocketClient, cursor: int) -> list[str]:
    """The texts of the next frame that has some. The frames must tile from this cursor."""
    while True:
        frame = await client.frame()
        assert frame["after"] == cursor
        if frame["changes"]:
            return texts(frame)
        cursor = frame["position"]


@pytest.mark.usefixtures("committed")
async def test_a_frame_says_from_where_on_the_new_streams_are_sent(alice: User, bob: User) -> None:
    async with connect("?stream=user:alice") as client:
        first = await client.frame()
        await post_status(bob, "not asked for yet")
        await post_status(alice, "one")
        second = await client.frame()
        answer = await watch(client, "user:bob", "kind:comment")
        assert answer == {
            "type": "watching",
            "log": first["log"],
            "position": second["position"],
            "streams": ["kind:comment", "user:bob"],
        }
        await post_status(alice, "not asked for any more")
        await post_status(bob, "two")
        assert await next_texts(client, answer["position"]) == ["two"]


@pytest.mark.usefixtures("committed")
async def test_what_happens_before_the_hub_has_read_it_is_sent_in_the_new_streams(
    alice: User, settings: Settings
) -> None:
    settings.FEED_POLL = 3600
    settings.CHANNEL_LAYERS = {}
    async with connect("?stream=kind:comment") as client:
        first = await client.frame()
        await post_status(alice, "unread")
        answer = await watch(client, "user:alice")
        assert answer["position"] == first["position"]
        hub().poller.ring()
        assert await next_texts(client, answer["position"]) == ["unread"]


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("tail", [1000, 1])
async def test_with_a_cursor_the_new_streams_are_followed_from_their_snapshot_on(
    alice: User, settings: Settings, tail: int
) -> None:
    settings.FEED_TAIL = tail
    async with connect("?stream=kind:comment") as client:
        state = await in_thread(log.number)()
        for text in ("one", "two", "three"):
            await post_status(alice, text)
        await hub().poller.advance(state.head + 3)
        await client.send_json_to({"type": "ping"})
        while (await client.frame())["position"] < state.head + 3:
            pass
        ahead = await watch(client, "kind:comment", after=10**6)
        assert ahead["position"] == state.head + 3
        answer = await watch(client, "user:alice", after=state.head, log=state.epoch)
        assert answer["position"] == state.head
        found, cursor = list[str](), state.head
        while len(found) < 3:
            frame = await client.frame()
            assert frame["after"] == cursor
            found, cursor = found + texts(frame), frame["position"]
    assert found == ["one", "two", "three"]


@pytest.mark.usefixtures("committed")
async def test_the_cursor_of_another_log_is_reset(alice: User) -> None:
    async with connect() as client:
        first = await client.frame()
        assert (await watch(client, "user:alice", after=0, log="other"))["type"] == "watching"
        frame = await client.frame()
        assert (frame["type"], frame["reason"], frame["log"]) == ("reset", "other_log", first["log"])


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(
    ("message", "refusal"),
    [
        ({}, ("bad_request", 4400)),
        ({"streams": []}, ("bad_request", 4400)),
        ({"streams": "public"}, ("bad_request", 4400)),
        ({"streams": ["public", 7]}, ("bad_request", 4400)),
        ({"streams": [["public"]]}, ("bad_request", 4400)),
        ({"streams": {"public": 1}}, ("bad_request", 4400)),
        ({"streams": ["public"], "after": -1}, ("bad_cursor", 4400)),
        ({"streams": ["public"], "after": "x"}, ("bad_cursor", 4400)),
        ({"streams": ["public"], "after": True}, ("bad_cursor", 4400)),
        ({"streams": ["nothing"]}, ("unknown_stream", 4404)),
        ({"streams": ["public", "user:nobody"]}, ("unknown_stream", 4404)),
        ({"streams": ["thread:999"]}, ("unknown_stream", 4404)),
        ({"streams": ["only:alice"]}, ("not_yours", 4403)),
        ({"streams": ["home"]}, ("login_needed", 4401)),
        ({"streams": [f"user:{number}" for number in range(101)]}, ("too_many_streams", 4429)),
    ],
    ids=str,
)
async def test_what_is_refused_at_connecting_is_refused_later(
    alice: User, message: dict[str, object], refusal: tuple[str, int]
) -> None:
    async with connect() as client:
        await client.frame()
        await client.send_json_to({"type": "watch", **message})
        assert await client.refusal() == refusal


@pytest.mark.usefixtures("committed")
async def test_a_page_keeps_its_streams(alice: User) -> None:
    async with connect("?format=html&after=0") as page:
        await page.html()
        await page.send_json_to({"type": "watch", "streams": ["public"]})
        assert "A page keeps its streams" in await page.html()
        assert await page.closed() == 4400


@pytest.mark.usefixtures("committed")
async def test_a_stream_that_stays_need_not_exist_any_more(alice: User) -> None:
    status = await post_status(alice, "Hello")
    thread = f"thread:{status.pk}"
    async with connect(f"?stream={thread}") as client:
        await client.frame()
        await in_thread(status.delete)()
        while not (frame := await client.frame())["changes"]:
            pass
        answer = await watch(client, thread, "user:alice")
        assert (answer["type"], answer["position"]) == ("watching", frame["position"])


@pytest.mark.usefixtures("committed", "teams")
async def test_the_team_may_change_to_its_stream_until_it_is_left(alice: User, bob: User) -> None:
    audience = await in_thread(team)(alice, bob)
    async with connect("?stream=kind:comment", await in_thread(cookie_of)(bob)) as client:
        await client.frame()
        answer = await watch(client, audience)
        await in_thread(StatusChange.objects.create)(user=alice, text="secret", audience=audience)
        assert await next_texts(client, answer["position"]) == ["secret"]
        await in_thread(leave)(bob)
        while (await client.frame())["type"] != "reset":
            pass
        await client.send_json_to({"type": "watch", "streams": [audience]})
        while (frame := await client.frame())["type"] == "changes":
            pass
        assert (frame["code"], await client.closed()) == ("not_yours", 4403)


@pytest.mark.usefixtures("committed")
async def test_the_hub_forgets_the_streams_that_were_left(alice: User) -> None:
    async with connect("?stream=kind:comment&stream=user:alice") as client:
        await client.frame()
        await watch(client, "user:alice", "public")
        assert set(hub()._subscriptions._by_stream) == {"user:alice", "public"}
    assert not hub().has_watchers()


@pytest.mark.usefixtures("committed")
async def test_a_comment_of_a_stream_that_stays_comes_once(alice: User) -> None:
    status = await post_status(alice, "Hello")
    async with connect(f"?stream=thread:{status.pk}") as client:
        first = await client.frame()
        cursor, found = first["position"], list[str]()
        for number in range(10):
            await post_comment(alice, status, str(number))
            await client.send_json_to(
                {"type": "watch", "streams": [f"thread:{status.pk}", f"kind:{['comment', 'welcome'][number % 2]}"]}
            )
        while len(found) < 10:
            frame = await client.frame()
            assert frame.get("after", cursor) == cursor
            cursor, found = frame["position"], found + texts({"changes": [], **frame})
    assert found == [str(number) for number in range(10)]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(8))
def test_in_any_order_of_posts_and_changes_each_event_comes_once_and_only_if_it_is_watched_at_its_position(
    alice: User, bob: User, feed_watcher: Callable[..., FeedWatcher], seed: int
) -> None:
    """What stays is neither lost nor doubled, and the frames tile."""
    choice = random.Random(seed)  # noqa: S311
    thread = StatusChange.objects.create(user=alice, text="thread")
    names = ["user:alice", "user:bob", "kind:comment", "kind:status_change", f"thread:{thread.pk}"]
    watcher = feed_watcher(streams=names[:1])
    posted, frames = list[Event](), list[Frame]()
    for _ in range(60):
        match choice.choice(["post", "post", "watch", "read"]):
            case "post":
                posted.append(choice.choice([StatusChange(text="x"), Comment(thread=thread, text="y")]))
                posted[-1].user = choice.choice([alice, bob])
                posted[-1].save()
            case "watch":
                watcher.watch(choice.sample(names, choice.randint(1, 3)))
            case "read":
                frames += watcher.frames()
    frames += watcher.frames()
    cursor, changes = frames[0]["after"], [(0, set(names[:1]))]
    for frame in frames:
        assert frame.get("after", cursor) == cursor
        cursor = frame["position"]
        if frame["type"] == "watching":
            changes.append((cursor, set(frame["streams"])))

    def is_watched(event: Event) -> bool:
        position = log.first_position(event.pk) or 0
        return not [streams for after, streams in changes if after < position][-1].isdisjoint(event.streams())

    got = [change["event"]["id"] for frame in frames for change in frame.get("changes", ())]
    assert got == [event.pk for event in posted if is_watched(event)]
    assert len(changes) > 3
    assert 0 < len(got) < len(posted)
