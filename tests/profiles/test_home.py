"""The personal stream `home`: what I do, and what the people do that I follow. Live and by replay."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.db import database_sync_to_async as in_thread
from django.contrib.auth.models import User

from feed import log, streams
from feed.hub import hub
from feed.models import Event, StatusChange
from profiles.following import follow, unfollow
from tests.feed.conftest import closed_hub  # noqa: F401 (a fixture)
from tests.feed.sockets import SocketClient, apply_frame, connect, texts
from tests.feed.test_moves import cookie_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

live = pytest.mark.usefixtures("closed_hub")


def post(user: User | None, text: str, audience: str = "public") -> StatusChange:
    status: StatusChange = StatusChange.objects.create(user=user, text=text, audience=audience)
    return status


@asynccontextmanager
async def home_of(user: User, query: str = "") -> AsyncIterator[SocketClient]:
    async with connect(f"?stream=home{query}", await in_thread(cookie_of)(user)) as watcher:
        yield watcher


async def up_to_date(watcher: SocketClient, state: dict[int, str | None]) -> list[dict[str, Any]]:
    """Read up to the head of the log, and update the client's state. Returns the frames."""
    head, position, frames = (await in_thread(log.number)()).head, -1, []
    while position < head:
        frames.append(frame := await watcher.frame())
        position = apply_frame(frame, state) if frame["type"] == "changes" else frame["position"]
    return frames


def texts_of(frames: list[dict[str, Any]]) -> list[str]:
    return [text for frame in frames if frame["type"] == "changes" for text in texts(frame)]


def snapshot(user: User, before: int | None = None, size: int = 30) -> list[str]:
    found = streams.newest_for(user, Event.objects.with_users(), ["home"], before, size)
    return [event.text for event in found if hasattr(event, "text")]


@live
async def test_bob_sees_what_alice_does_and_not_what_carol_does(alice: User, bob: User, carol: User) -> None:
    await in_thread(follow)(bob, alice)
    async with home_of(bob) as watcher:
        await watcher.frame()

        def act() -> None:
            post(carol, "From carol")
            post(None, "From the system")
            post(bob, "From bob")
            post(alice, "From alice")

        await in_thread(act)()
        assert texts_of(await up_to_date(watcher, {})) == ["From bob", "From alice"]


@live
async def test_following_resets_and_from_then_on_alice_is_seen(alice: User, bob: User) -> None:
    async with home_of(bob) as watcher:
        await watcher.frame()
        await in_thread(follow)(bob, alice)
        frame = await watcher.frame()
        assert (frame["type"], frame["reason"]) == ("reset", "access")
        await in_thread(post)(alice, "Hello")
        assert texts_of(await up_to_date(watcher, {})) == ["Hello"]


@live
@pytest.mark.parametrize("audience", ["public", "followers:alice"])
async def test_nothing_that_alice_posts_after_bob_unfollows_reaches_him(alice: User, bob: User, audience: str) -> None:
    await in_thread(follow)(bob, alice)

    def unfollow_and_post() -> None:
        unfollow(bob, alice)
        post(alice, "Later", audience)
        post(bob, "Mine")

    async with home_of(bob) as watcher:
        await watcher.frame()
        await in_thread(post)(alice, "Before", audience)
        assert texts_of(await up_to_date(watcher, {})) == ["Before"]
        await in_thread(unfollow_and_post)()
        frames = await up_to_date(watcher, {})
        assert frames[0]["type"] == "reset"
        assert texts_of(frames) == ["Mine"] or "Later" not in str(frames)
        assert "Later" not in await in_thread(snapshot)(bob)


@live
@pytest.mark.parametrize("in_memory", [True, False])
async def test_a_replay_shows_what_a_live_client_saw(alice: User, bob: User, carol: User, in_memory: bool) -> None:
    await in_thread(follow)(bob, alice)
    cursor = (await in_thread(log.number)()).head

    def act() -> None:
        for number in range(20):
            post(carol, f"Not for him {number}")
            post(alice, f"Hello {number}", "followers:alice" if number % 2 else "public")
        StatusChange.objects.filter(text="Hello 7").delete()
        StatusChange.objects.filter(text="Hello 8").update(text="Hello again")

    async with home_of(bob) as watcher:
        await watcher.frame()
        await in_thread(act)()
        seen: dict[int, str | None] = {}
        await up_to_date(watcher, seen)
        if not in_memory:
            hub().tail.append([], 0, 0)
        replayed: dict[int, str | None] = {}
        async with home_of(bob, f"&after={cursor}") as late:
            await up_to_date(late, replayed)
    assert replayed == seen
    assert sorted(filter(None, seen.values())) == sorted(await in_thread(snapshot)(bob))


@live
async def test_what_is_deleted_or_moved_out_of_home_is_told(alice: User, bob: User, carol: User) -> None:
    await in_thread(follow)(bob, alice)
    first, second, third = [await in_thread(post)(alice, text) for text in ("one", "two", "three")]

    def act() -> None:
        first.delete()
        second.user = carol
        second.save()
        third.audience = "only:alice"
        third.save()

    async with home_of(bob) as watcher:
        await watcher.frame()
        await in_thread(act)()
        frames = await up_to_date(watcher, {})
    told = {change["event"]["id"]: change["action"] for frame in frames for change in frame["changes"]}
    assert set(told.values()) == {"deleted"}
    assert len(told) == 3


@live
async def test_what_is_moved_to_somebody_whom_bob_follows_comes_into_sight(alice: User, bob: User, carol: User) -> None:
    await in_thread(follow)(bob, alice)
    event = await in_thread(post)(carol, "Hello")

    def act() -> None:
        event.user = alice
        event.save()

    async with home_of(bob) as watcher:
        await watcher.frame()
        await in_thread(act)()
        frames = await up_to_date(watcher, {})
    assert [change["action"] for frame in frames for change in frame["changes"]] == ["created"]


@live
async def test_home_needs_a_login(alice: User) -> None:
    async with connect("?stream=home") as watcher:
        assert await watcher.refusal() == ("login_needed", 4401)


@live
async def test_home_is_no_prefix(alice: User) -> None:
    async with home_of(alice, ":alice") as watcher:
        assert await watcher.refusal() == ("unknown_stream", 4404)


@live
async def test_a_private_post_of_alice_sends_bob_no_frame(alice: User, bob: User) -> None:
    await in_thread(follow)(bob, alice)
    async with home_of(bob) as watcher:
        await watcher.frame()
        await in_thread(post)(alice, "First")
        await up_to_date(watcher, {})
        await in_thread(post)(alice, "Secret", "only:alice")
        await in_thread(post)(alice, "Second")
        frame = await watcher.frame()
        while not frame["changes"]:  # if the hub has read the two one after the other
            frame = await watcher.frame()
        assert texts(frame) == ["Second"]
