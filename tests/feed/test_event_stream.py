"""Server-sent events without a server: frames, and how a client resumes. tests/test_event_streams.py has servers."""

import gc
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError
from pytest_django import Settings

from feed import log
from feed.event_stream import EventStream
from feed.hub import Hub, hub
from feed.models import StatusChange
from feed.tokens import Token
from tests.feed.event_streams import EventClient, reading
from tests.feed.sockets import connect, post_comment, post_status, texts
from tests.feed.test_moves import cookie_of
from tests.support.audiences import leave, team
from tests.support.tokens import issue

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


# Refused.


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("?after=-1", ("bad_cursor", 400)),
        ("?after=", ("bad_cursor", 400)),
        ("?after=%ff", ("bad_request", 400)),
        ("?format=html", ("bad_request", 400)),
        ("?format=xml", ("bad_request", 400)),
        ("?stream=nothing", ("unknown_stream", 404)),
        ("?stream=user:nobody", ("unknown_stream", 404)),
        ("?stream=home", ("login_needed", 401)),
        ("?stream=only:alice", ("not_yours", 403)),
        ("?" + "&".join(f"stream=user:{number}" for number in range(101)), ("too_many_streams", 429)),
    ],
)
async def test_a_refused_request_has_a_status_and_a_reason(alice: User, query: str, refusal: tuple[str, int]) -> None:
    async with reading(query) as client:
        assert await client.refusal() == refusal
        assert client.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("last_event_id", ["x", "k3x9:", "k3x9:-1", "k3x9:1.5", "9" * 5000])
async def test_a_last_event_id_that_is_no_cursor_is_refused(alice: User, last_event_id: str) -> None:
    async with reading(last_event_id=last_event_id) as client:
        assert await client.refusal() == ("bad_cursor", 400)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_any_method_but_get_is_refused(alice: User, method: str) -> None:
    async with reading(method=method) as client:
        assert await client.refusal() == ("method_not_allowed", 405)
        assert client.headers["allow"] == "GET"


async def test_head_has_the_status_and_no_body(alice: User) -> None:
    async with reading(method="HEAD") as client:
        assert client.status == 405
        message = await client.receive_output()
        assert (message["body"], message["more_body"]) == (b"", False)


async def test_a_wrong_token_is_refused_and_never_taken_as_anonymous(alice: User) -> None:
    async with reading("", bearer("wrong")) as client:
        assert await client.refusal() == ("bad_token", 401)
        assert client.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a_token_that_may_not_read_is_refused(alice: User) -> None:
    async with reading("", bearer(await in_thread(issue)(alice, "post"))) as client:
        assert await client.refusal() == ("missing_scope", 403)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://testserver", 200),
        ("https://trusted.example", 200),
        ("http://testserver:8001", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_pages_of_other_origins_are_refused(
    alice: User, settings: Settings, origin: str | None, status: int
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]
    headers = [] if origin is None else [(b"origin", origin.encode())]
    async with reading("", headers) as client:
        assert client.status == status
        assert not [name for name in client.headers if name.startswith("access-control-")]


async def test_a_page_that_uses_dns_rebinding_is_refused(alice: User, settings: Settings) -> None:
    """To its browser it is of the same site, so it needs no Origin."""
    settings.ALLOWED_HOSTS = ["rill.example"]
    async with reading() as client:
        assert await client.refusal() == ("bad_host", 400)


async def test_while_the_database_fails_a_request_is_refused_for_a_while(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise OperationalError("it is down")

    with monkeypatch.context() as patch:
        patch.setattr(Hub, "authorise", fail)
        async with reading() as client:
            assert await client.refusal() == ("unavailable", 503)
            assert int(client.headers["retry-after"]) > 0
    async with reading() as client:
        assert (await client.frame())["type"] == "changes"


async def test_a_stream_that_cannot_join_ends_and_may_come_back(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise AssertionError("an unexpected error")

    monkeypatch.setattr(Hub, "join", fail)
    async with reading() as client:
        await client.ended()
    assert "an unexpected error" in caplog.text


# Who sees what, and ends.


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
async def test_who_has_left_a_team_is_reset(alice: User, bob: User) -> None:
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
