"""Who sees what in server-sent events, and what ends them. Without a server."""

import gc
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from feed.event_stream import EventStream
from feed.hub import hub
from feed.models import StatusChange
from feed.tokens import Token
from tests.feed.event_streams import EventClient, reading
from tests.feed.sockets import connect, post_status, texts
from tests.feed.test_moves import cookie_of
from tests.support.audiences import leave, team
from tests.support.tokens import issue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]

in_thread = database_sync_to_async


def bearer(secret: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {secret}".encode())]


@pytest.mark.usefixtures("teams")
@pytest.mark.parametrize("stream", ["public", "user:alice", "kind:status_change"])
@pytest.mark.parametrize("is_replay", [True, False], ids=["replay", "live"])
async def test_what_is_for_a_team_reaches_the_team_only(
    alice: User, bob: User, carol: User, stream: str, is_replay: bool
) -> None:
    audience = await in_thread(team)(alice, bob)
    post = in_thread(StatusChange.objects.create)
    if is_replay:
        await post(user=alice, text="secret", audience=audience)
        await post_status(alice, "for all")
    seen = {}
    for viewer in (alice, bob, carol, None):
        cookie = await in_thread(cookie_of)(viewer) if viewer else []
        async with reading(f"?stream={stream}{'&after=0' if is_replay else ''}", cookie) as client:
            frame = await client.frame()
            if not is_replay:
                await post(user=alice, text="secret", audience=audience)
                await post_status(alice, "for all")
            found = texts(frame)
            while "for all" not in found:
                found += texts(await client.frame())
            seen[viewer and viewer.username] = "secret" in found
    assert seen == {"alice": True, "bob": True, "carol": False, None: False}


@pytest.mark.usefixtures("teams")
async def test_a_user_who_has_left_a_team_is_reset(alice: User, bob: User) -> None:
    audience = await in_thread(team)(alice, bob)
    async with reading("", await in_thread(cookie_of)(bob)) as client:
        await client.frame()
        await in_thread(leave)(bob)
        await in_thread(StatusChange.objects.create)(user=alice, text="secret", audience=audience)
        frames = [await client.frame()]
        while frames[-1]["type"] != "reset":
            frames.append(await client.frame())
        await post_status(alice, "for all")
        while "for all" not in str(frames[-1]):
            frames.append(await client.frame())
    assert [frame["reason"] for frame in frames if frame["type"] == "reset"] == ["access"]
    assert "secret" not in str(frames)


async def test_a_revoked_token_ends_its_stream_with_the_reason_and_no_other(alice: User) -> None:
    async with reading("", bearer(await in_thread(issue)(alice))) as client, reading() as anonymous:
        await client.frame()
        await anonymous.frame()
        await in_thread(Token.objects.all().delete)()
        await hub().sessions.check()
        assert (await client.frame())["code"] == "bad_token"
        await client.ended()
        await post_status(alice, "still there")
        assert texts(await anonymous.frame()) == ["still there"]


async def test_the_end_of_a_session_ends_its_stream(alice: User) -> None:
    async with reading("", await in_thread(cookie_of)(alice)) as client:
        await client.frame()
        await in_thread(User.objects.update)(is_active=False)
        await hub().sessions.check()
        assert (await client.frame())["code"] == "session_ended"
        await client.ended()


async def test_a_server_that_stops_ends_its_streams_without_a_reason_not_to_come_back(alice: User) -> None:
    async with reading() as client, connect() as watcher:
        await client.frame()
        await watcher.frame()
        await hub().drain()
        await client.ended()
        assert await watcher.closed() == 4012
        async with reading() as late:
            assert late.status == 200  # a browser gives up at any other status
            await read_to_the_end(late)


async def read_to_the_end(client: EventClient) -> list[Any]:
    frames = []
    try:
        while True:
            frames.append(await client.frame())
    except EOFError:
        return frames


async def test_the_hub_forgets_clients_that_have_left(alice: User) -> None:
    async with reading() as client:
        await client.frame()
        assert hub().has_watchers()
    assert not hub().has_watchers()


async def test_a_client_that_asks_for_it_is_not_counted_as_watching(alice: User) -> None:
    async with reading("?presence=1") as client:
        await client.frame()
        assert not hub().presence._here


async def test_a_client_keeps_no_copy_of_its_scope(alice: User) -> None:
    async with reading("?after=0") as client:
        await client.frame()
        gc.collect()
        kept = [each for each in gc.get_objects() if type(each) is EventStream and each.scope]
        assert not kept


async def test_the_frames_are_shared_with_websockets(alice: User) -> None:
    async with reading() as client, connect() as watcher:
        await client.frame()
        await watcher.frame()
        await post_status(alice, "Hello")
        assert await client.frame() == await watcher.frame()
        (frame,) = [frame for frame in hub().tail.frames.values() if "Hello" in frame.text]
        assert frame.event.endswith(f"data: {frame.text}\n\n".encode())
