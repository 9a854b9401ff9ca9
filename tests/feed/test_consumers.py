"""The websocket from the outside, without a server: what a client sends, and what it gets."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from pytest_django import Settings

from asgi import application
from feed import log
from feed.frames import FORMATS
from feed.hub import hub
from feed.models import Change, Comment, Event, Log, StatusChange

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

Frame = dict[str, Any]
PATIENCE = 10


class Client(WebsocketCommunicator):
    """A client that counts as connected, and reads JSON."""

    async def frame(self) -> Frame:
        decoded: Frame = json.loads(await self.receive_from(timeout=PATIENCE))
        return decoded

    async def html(self) -> str:
        text: str = await self.receive_from(timeout=PATIENCE)
        return text

    async def closed(self) -> int:
        """The code of the close that comes next."""
        message = await self.receive_output(timeout=PATIENCE)
        assert message["type"] == "websocket.close", message
        code: int = message["code"]
        return code

    async def refusal(self) -> tuple[str, int]:
        frame = await self.frame()
        assert frame["type"] == "error", frame
        assert frame["message"]
        return frame["code"], await self.closed()


@asynccontextmanager
async def client(query: str = "", headers: list[tuple[bytes, bytes]] | None = None) -> AsyncIterator[Client]:
    connection = Client(application, f"/ws/feed/{query}", headers)
    connected, _ = await connection.connect(timeout=PATIENCE)
    assert connected
    try:
        yield connection
    finally:
        await connection.disconnect(timeout=PATIENCE)


@pytest.fixture(autouse=True)
async def closed_hub() -> AsyncIterator[None]:
    yield
    await hub().close()


@database_sync_to_async
def post(user: User, text: str) -> StatusChange:
    status: StatusChange = StatusChange.objects.create(user=user, text=text)
    return status


@database_sync_to_async
def comment(user: User, thread: Event, text: str) -> Comment:
    about: Comment = Comment.objects.create(user=user, thread=thread, text=text)
    return about


def texts(frame: Frame) -> list[str]:
    return [change["event"]["text"] for change in frame["changes"] if "text" in change["event"]]


async def test_the_first_frame_comes_at_once_and_tells_where_the_log_stands(alice: User) -> None:
    async with client() as watcher:
        frame = await watcher.frame()
    assert frame == {"type": "changes", "log": frame["log"], "after": 1, "position": 1, "changes": []}
    assert len(frame["log"]) >= 4


async def test_after_0_shows_the_whole_feed_and_goes_on(alice: User) -> None:
    await post(alice, "before")
    async with client("?after=0") as watcher:
        first = await watcher.frame()
        assert texts(first) == ["before"]
        await post(alice, "live")
        second = await watcher.frame()
    assert texts(second) == ["live"]
    assert (first["after"], second["after"]) == (0, first["position"])


async def test_edits_and_deletions_come_too(alice: User) -> None:
    status = await post(alice, "Hello")
    async with client() as watcher:
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
    async with client("?stream=kind:comment&after=0") as watcher:
        frames = [await watcher.frame()]
        status = await post(alice, "not for this watcher")
        for number in range(3):
            await comment(alice, status, str(number))
        while not frames[-1]["changes"] or texts(frames[-1])[-1] != "2":
            frames.append(await watcher.frame())
    assert [later["after"] for later in frames[1:]] == [earlier["position"] for earlier in frames[:-1]]
    assert [text for frame in frames for text in texts(frame)] == ["0", "1", "2"]


async def test_a_quiet_feed_has_a_heartbeat_that_counts_its_interval(alice: User, settings: Settings) -> None:
    settings.FEED_HEARTBEAT = 0.2
    async with client("?stream=kind:comment") as watcher:
        first = await watcher.frame()
        await post(alice, "not for this watcher")
        frame = await watcher.frame()
        while frame["position"] == first["position"]:
            frame = await watcher.frame()
    assert frame["changes"] == []
    assert frame["position"] == first["position"] + 1


async def test_a_ping_is_answered_by_a_frame(alice: User) -> None:
    async with client() as watcher:
        first = await watcher.frame()
        await watcher.send_json_to({"type": "ping"})
        answer = await watcher.frame()
    assert (answer["type"], answer["after"], answer["changes"]) == ("changes", first["position"], [])


async def test_without_a_doorbell_the_poll_finds_what_was_posted(alice: User, settings: Settings) -> None:
    settings.FEED_POLL = 0.05
    settings.CHANNEL_LAYERS = {}
    async with client() as watcher:
        await watcher.frame()
        await post(alice, "unheard")
        assert texts(await watcher.frame()) == ["unheard"]


async def test_with_a_doorbell_nobody_waits_for_the_poll(alice: User, settings: Settings) -> None:
    settings.FEED_POLL = 3600
    async with client() as watcher:
        await watcher.frame()
        await post(alice, "heard")
        assert texts(await watcher.frame()) == ["heard"]


async def test_an_event_of_several_streams_arrives_once(alice: User) -> None:
    async with client("?stream=user:alice&stream=public&stream=kind:status_change") as watcher:
        await watcher.frame()
        await post(alice, "once")
        frame = await watcher.frame()
    assert texts(frame) == ["once"]


async def test_each_change_is_encoded_once_however_many_watch(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []
    encode = FORMATS["json"].event

    def count(event: Event) -> str:
        encoded.append(event.pk)
        return encode(event)

    monkeypatch.setattr(FORMATS["json"], "event", count)
    async with client("?after=0") as one, client("?after=0") as two, client("?after=0&stream=user:alice") as three:
        for watcher in (one, two, three):
            await watcher.frame()
        status = await post(alice, "Hello")
        for watcher in (one, two, three):
            assert texts(await watcher.frame()) == ["Hello"]
    assert encoded.count(status.pk) == 1


async def test_a_thread_is_an_event_and_the_comments_on_it(alice: User) -> None:
    status = await post(alice, "Hello")
    other = await post(alice, "Other")
    async with client(f"?stream=thread:{status.pk}&after=0") as watcher:
        assert texts(await watcher.frame()) == ["Hello"]
        await comment(alice, other, "elsewhere")
        await comment(alice, status, "here")
        assert texts(await watcher.frame()) == ["here"]


async def test_resuming_ends_in_the_state_of_one_who_never_left(alice: User) -> None:
    kept, gone = await post(alice, "kept"), await post(alice, "gone")
    state: dict[int, str | None] = {}
    async with client("?after=0") as watcher:
        cursor = show(await watcher.frame(), state)
    assert {"kept", "gone"} < set(state.values())
    kept.text = "kept, and edited"
    await database_sync_to_async(kept.save)()
    await database_sync_to_async(gone.delete)()
    added = await post(alice, "added")
    added.text = "added, and edited"
    await database_sync_to_async(added.save)()
    head = (await database_sync_to_async(log.number)()).head
    async with client(f"?after={cursor}") as watcher:
        while cursor < head:
            cursor = show(await watcher.frame(), state)
    assert set(state.values()) == {None, "kept, and edited", "added, and edited"}  # None is the welcome


def show(frame: Frame, state: dict[int, str | None]) -> int:
    """Bring a client's state up to date, as docs/protocol.md says; returns the new cursor."""
    for change in frame["changes"]:
        event = change["event"]
        if change["action"] == "deleted":
            state.pop(event["id"], None)
        else:
            state[event["id"]] = event.get("text")
    position: int = frame["position"]
    return position


async def test_a_watcher_that_is_behind_the_memory_reads_from_the_database(alice: User, settings: Settings) -> None:
    settings.FEED_TAIL = 3
    for number in range(10):
        await post(alice, str(number))
    async with client("?after=1") as watcher:
        got: list[str] = []
        cursor = 1
        while len(got) < 10:
            frame = await watcher.frame()
            assert frame["after"] == cursor
            cursor = frame["position"]
            got += texts(frame)
    assert got == [str(number) for number in range(10)]


async def test_a_replay_of_few_among_many_loads_only_those(
    alice: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FEED_TAIL = 3
    monkeypatch.setattr("feed.hub.BATCH", 5)
    monkeypatch.setattr("feed.history.BATCH", 5)
    monkeypatch.setattr("feed.history.READ_SIZE", 1000)
    status = await post(alice, "status")
    for number in range(20):
        await (comment(alice, status, str(number)) if number % 4 else post(alice, "noise"))
    async with client("?stream=kind:comment&after=1") as watcher:
        got: list[str] = []
        cursor = 1
        while len(got) < 15:
            frame = await watcher.frame()
            assert frame["after"] == cursor
            cursor = frame["position"]
            got += texts(frame)
    assert got == [str(number) for number in range(20) if number % 4]


async def test_large_replays_are_cut_into_frames_that_tile(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.tail.FRAME_SIZE", 2000)
    for number in range(10):
        await post(alice, str(number) * 1000)
    async with client("?after=0") as watcher:
        frames = [await watcher.frame()]
        while frames[-1]["position"] < 11:
            frames.append(await watcher.frame())
    assert len(frames) >= 10
    assert [later["after"] for later in frames[1:]] == [earlier["position"] for earlier in frames[:-1]]
    assert [text[0] for frame in frames for text in texts(frame)] == [str(number) for number in range(10)]


async def test_a_cursor_that_was_pruned_is_reset(alice: User, settings: Settings) -> None:
    for number in range(5):
        await post(alice, str(number))
    head = (await database_sync_to_async(log.number)()).head

    def forget() -> None:
        Change.objects.filter(position__lte=4).delete()
        Log.objects.update(floor=4)

    await database_sync_to_async(forget)()
    async with client("?after=2") as watcher:
        reset = await watcher.frame()
        assert reset == {"type": "reset", "log": reset["log"], "position": head, "reason": "expired"}
        await post(alice, "next")
        frame = await watcher.frame()
    assert (frame["after"], texts(frame)) == (head, ["next"])


async def test_a_cursor_that_is_ahead_is_reset(alice: User) -> None:
    async with client("?after=1000") as watcher:
        reset = await watcher.frame()
    assert (reset["type"], reset["reason"], reset["position"]) == ("reset", "ahead", 1)


async def test_a_cursor_of_another_log_is_reset(alice: User) -> None:
    async with client("?after=1&log=another") as watcher:
        reset = await watcher.frame()
    assert (reset["type"], reset["reason"]) == ("reset", "other_log")


async def test_a_cursor_with_its_own_log_resumes(alice: User) -> None:
    name = (await database_sync_to_async(log.state)()).name
    async with client(f"?after=0&log={name}") as watcher:
        assert (await watcher.frame())["type"] == "changes"


async def test_watchers_are_reset_when_the_log_is_renamed_under_them(alice: User, settings: Settings) -> None:
    settings.FEED_POLL = 0.05
    async with client() as watcher:
        old = (await watcher.frame())["log"]
        new = await database_sync_to_async(log.rename)()
        reset = await watcher.frame()
    assert old != new
    assert (reset["type"], reset["reason"], reset["log"]) == ("reset", "other_log", new)


async def test_a_cursor_newer_than_what_this_process_has_read_is_no_reset(alice: User, settings: Settings) -> None:
    """Another process may have given a position that this one's hub hasn't seen yet."""
    settings.FEED_POLL = 3600
    settings.CHANNEL_LAYERS = {}
    async with client() as early:
        head = (await early.frame())["position"]
        await post(alice, "numbered elsewhere")
        await database_sync_to_async(log.number)()
        async with client(f"?after={head + 1}") as late:
            frame = await late.frame()
    assert (frame["type"], frame["after"], frame["changes"]) == ("changes", head + 1, [])


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("?after=-1", ("bad_cursor", 4400)),
        ("?after=x", ("bad_cursor", 4400)),
        ("?after=", ("bad_cursor", 4400)),
        ("?after=1.5", ("bad_cursor", 4400)),
        ("?after=" + "9" * 5000, ("bad_cursor", 4400)),
        ("?format=xml", ("bad_request", 4400)),
        ("?after=%ff", ("bad_request", 4400)),
        ("?stream=nothing", ("unknown_stream", 4404)),
        ("?stream=user:nobody", ("unknown_stream", 4404)),
        ("?stream=user:nobody&after=0", ("unknown_stream", 4404)),
        ("?stream=thread:999", ("unknown_stream", 4404)),
        ("?stream=kind:nothing", ("unknown_stream", 4404)),
        ("?" + "&".join(f"stream=user:{number}" for number in range(101)), ("too_many_streams", 4429)),
    ],
)
async def test_what_can_not_be_served_is_told_why(alice: User, query: str, refusal: tuple[str, int]) -> None:
    async with client(query) as watcher:
        assert await watcher.refusal() == refusal


@pytest.mark.parametrize("message", ["hello", "[1]", '{"type": "post"}', "{}", "[" * 4000, '"ping"'])
async def test_anything_but_a_ping_ends_the_connection(alice: User, message: str) -> None:
    async with client() as watcher:
        await watcher.frame()
        await watcher.send_to(text_data=message)
        assert await watcher.refusal() == ("bad_request", 4400)


async def test_more_messages_than_anybody_needs_end_the_connection(alice: User) -> None:
    async with client() as watcher:
        for _ in range(60):
            await watcher.send_json_to({"type": "ping"})
        frame = await watcher.frame()
        while frame["type"] == "changes":
            frame = await watcher.frame()
        assert (frame["code"], await watcher.closed()) == ("too_many_messages", 4429)


async def test_binary_messages_and_large_ones_end_the_connection(alice: User) -> None:
    async with client() as watcher:
        await watcher.frame()
        await watcher.send_to(bytes_data=b"\0")
        assert await watcher.refusal() == ("bad_request", 4400)
    async with client() as watcher:
        await watcher.frame()
        await watcher.send_to(text_data='{"type": "ping", "pad": "' + "x" * 4096 + '"}')
        assert await watcher.refusal() == ("too_large", 4400)


async def test_who_resumes_on_a_thread_that_is_gone_is_told_of_its_deletion(alice: User) -> None:
    status = await post(alice, "Hello")
    pk, cursor = status.pk, (await database_sync_to_async(log.number)()).head
    await database_sync_to_async(status.delete)()
    async with client(f"?stream=thread:{pk}&after={cursor}") as watcher:
        change = (await watcher.frame())["changes"][0]
    assert (change["action"], change["event"]["id"]) == ("deleted", pk)


async def test_a_page_of_a_thread_that_is_gone_is_told_of_its_deletion_too(alice: User) -> None:
    status = await post(alice, "Hello")
    pk, cursor = status.pk, (await database_sync_to_async(log.number)()).head
    await database_sync_to_async(status.delete)()
    async with client(f"?format=html&stream=thread:{pk}") as page:
        await page.send_json_to({"after": str(cursor)})
        assert f'hx-target="#event-{pk}" hx-swap="delete"' in await page.html()


async def test_a_page_that_never_says_where_it_stands_is_ended(alice: User, settings: Settings) -> None:
    settings.FEED_STALL = 0.1
    async with client("?format=html") as page:
        await page.wait(timeout=PATIENCE)
        assert page.future.done()


async def test_a_page_takes_its_cursor_from_its_first_message(alice: User) -> None:
    status = await post(alice, "Hello")
    async with client("?format=html") as page:
        await page.send_json_to({"after": "1", "headers": {"HX-Request": "true"}})
        frame = await page.html()
        assert f'id="event-{status.pk}"' in frame
        assert frame.endswith('<input type="hidden" id="cursor" name="after" value="2" hx-swap-oob="true">')
        await post(alice, "live")
        assert "live" in await page.html()


async def test_a_page_of_another_log_is_told_to_load_its_events_anew(alice: User) -> None:
    async with client("?format=html") as page:
        await page.send_json_to({"after": "1", "log": "another"})
        frame = await page.html()
    assert 'id="cursor"' in frame
    assert "hx-get" in frame


async def test_a_page_that_puts_in_older_rows_gets_what_has_changed_since_they_were_read(alice: User) -> None:
    status = await post(alice, "Hello")
    async with client("?format=html") as page:
        await page.send_json_to({"after": "2"})
        await page.html()
        status.text = "edited while older rows were on their way"
        await database_sync_to_async(status.save)()
        assert "edited while" in await page.html()
        await page.send_json_to({"after": "2"})
        assert "edited while" in await page.html()


async def test_a_page_may_go_back_further_than_memory_goes(alice: User, settings: Settings) -> None:
    """As when all events were changed by one query while older rows were on their way to it."""
    settings.FEED_TAIL = 1
    await post(alice, "first")
    await post(alice, "second")
    async with client("?format=html") as page:
        await page.send_json_to({"after": "3"})
        await page.html()
        await database_sync_to_async(StatusChange.objects.update)(text="changed")
        shown = ""
        while 'value="5"' not in shown:
            shown = await page.html()
        await page.send_json_to({"after": "3"})
        shown = ""
        while 'value="5"' not in shown:
            shown += await page.html()
    assert shown.count("outerMorph") == 2


async def test_both_formats_see_what_was_posted_before_the_other_came(alice: User) -> None:
    async with client("?after=0") as program:
        await program.frame()
        await post(alice, "Hello")
        await program.frame()
        async with client("?format=html&after=0") as page:
            assert "Hello" in await page.html()


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        (None, True),
        ("http://testserver", True),
        ("https://trusted.example", True),
        ("https://sub.wide.example", True),
        ("http://trusted.example", False),
        ("http://testserver:8001", False),
        ("http://evil.example", False),
        ("http://testserver.evil.example", False),
        ("null", False),
        ("file://", False),
        ("http://[broken", False),
    ],
)
async def test_pages_of_other_origins_are_refused(
    alice: User, settings: Settings, origin: str | None, welcome: bool
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example", "https://*.wide.example"]
    headers = [(b"host", b"testserver")] + ([(b"origin", origin.encode())] if origin else [])
    connection = Client(application, "/ws/feed/", headers)
    connected, _ = await connection.connect(timeout=PATIENCE)
    assert connected is welcome
    await connection.disconnect(timeout=PATIENCE)


async def test_a_page_whose_name_was_pointed_here_is_refused(alice: User, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    headers = [(b"host", b"evil.example"), (b"origin", b"http://evil.example")]
    connected, _ = await Client(application, "/ws/feed/", headers).connect(timeout=PATIENCE)
    assert not connected


async def test_any_other_path_says_where_the_feed_is(alice: User) -> None:
    connection = Client(application, "/ws/nothing/")
    assert (await connection.connect(timeout=PATIENCE))[0]
    assert await connection.refusal() == ("not_found", 4404)


async def test_watchers_that_have_left_are_forgotten(alice: User) -> None:
    async with client() as watcher:
        await watcher.frame()
        assert hub()._watchers
    assert not hub()._watchers
