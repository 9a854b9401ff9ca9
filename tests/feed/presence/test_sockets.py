"""Pages are told who is watching; programs aren't."""

import asyncio
from functools import partialmethod
from threading import Event

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from feed.hub import hub, presence
from feed.presence.board import Board
from feed.presence.people import People
from feed.presence.table import Presence
from profiles.models import UserProfile
from tests.conftest import logged_in
from tests.feed.sockets import TIMEOUT, SocketClient, connect, post_status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]
HTML = "?format=html&after=0&presence=1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "TICK", 0.01)
    monkeypatch.setattr(presence, "LOOK", 0.05)
    monkeypatch.setattr(presence, "LINGER", 0.05)


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob")


async def cookies(user: User) -> list[tuple[bytes, bytes]]:
    client: Client = await database_sync_to_async(logged_in)(user)
    return [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())]


async def told(page: SocketClient, text: str) -> str:
    """The next frame about who is watching with this text."""
    while text not in (frame := await page.watching()):
        pass
    return frame


async def test_alice_is_told_when_bob_comes_and_when_he_leaves(alice: User, bob: User) -> None:
    async with connect(HTML, await cookies(alice)) as page:
        await told(page, "1 watching")
        async with connect(HTML, await cookies(bob)):
            assert ">bob</a>" in await told(page, "2 watching")
        assert ">bob</a>" not in await told(page, "1 watching")


async def test_tabs_of_one_person_count_once(alice: User, bob: User) -> None:
    headers = await cookies(alice)
    async with connect(HTML, headers) as page, connect(HTML, headers), connect(HTML, await cookies(alice)):
        await told(page, "1 watching")
        async with connect(HTML, await cookies(bob)):
            assert "2 watching" in await page.watching()


async def test_tabs_of_a_browser_without_a_login_count_once() -> None:
    browser = [(b"cookie", b"csrftoken=one")]
    async with connect(HTML, browser) as page, connect(HTML, browser):
        await told(page, "1 watching")
        async with connect(HTML), connect(HTML, [(b"cookie", b"csrftoken=two")]):
            assert 'class="face"' not in await told(page, "3 watching")


async def test_people_of_another_process_count(alice: User) -> None:
    async with connect(HTML, await cookies(alice)) as page:
        await told(page, "1 watching")
        other = Board()
        await database_sync_to_async(other.exchange)(People(others=4))
        assert "and 4 others" in await told(page, "5 watching")
        await database_sync_to_async(other.leave)()
        await told(page, "1 watching")


async def test_programs_are_not_told_and_do_not_count(alice: User) -> None:
    async with connect("?after=0") as program, connect(HTML) as page:
        await told(page, "1 watching")
        await post_status(alice, "Hello")
        cursor = 0
        while cursor < 2:
            frame = await program.frame()
            assert (frame["type"], frame["after"]) == ("changes", cursor)
            cursor = frame["position"]


async def test_a_frame_about_presence_moves_no_cursor(alice: User) -> None:
    async with connect(HTML) as page:
        assert 'id="cursor"' not in await page.watching()
        await post_status(alice, "Hello")
        assert 'value="2"' in await page.html()


async def test_alice_opts_out_while_she_is_there(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.presence.watching.NAMES_AGE", 0.0)
    async with connect(HTML, await cookies(bob)) as page, connect(HTML, await cookies(alice)):
        assert ">alice</a>" in await told(page, "2 watching")
        await database_sync_to_async(UserProfile.objects.filter(user=alice).update)(show_presence=False)
        frame = await told(page, "and 1 other")
        assert "2 watching" in frame
        assert "alice" not in frame


async def test_a_user_who_logs_out_is_not_there_any_more(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feed.hub.SESSION_INTERVAL", 0.01)
    client = await database_sync_to_async(logged_in)(bob)
    session = [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())]
    async with connect(HTML, await cookies(alice)) as page, connect(HTML, session):
        await told(page, "2 watching")
        await database_sync_to_async(client.logout)()
        await told(page, "1 watching")


@pytest.mark.parametrize(("mode", "names"), [("count", False), ("names", True)])
async def test_names_are_told_only_where_the_project_wants_that(
    alice: User, settings: Settings, mode: str, names: bool
) -> None:
    settings.FEED_PRESENCE = mode
    async with connect(HTML, await cookies(alice)) as page:
        assert ("alice" in await told(page, "1 watching")) is names


async def test_a_project_can_turn_it_off(settings: Settings) -> None:
    settings.FEED_PRESENCE = "off"
    async with connect(HTML) as page:
        await page.html()
        await hub().presence.refresh()
        assert await page.receive_nothing(0.1)
    assert not await Presence.objects.aexists()


async def test_a_watcher_that_does_not_read_gets_the_newest_state_later() -> None:
    async with connect(HTML) as page:
        await told(page, "1 watching")
        (watcher,) = hub().presence._watchers
        watcher.connection.is_writable = False
        async with connect(HTML) as other:
            await told(other, "2 watching")
            async with connect(HTML):
                await told(other, "3 watching")
                watcher.connection.is_writable = True
                assert "3 watching" in await page.watching()


class Outage:
    """The database fails for presence while `is_on`. `noticed` is set when that has happened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_on, self.noticed = False, Event()
        self.exchange = Board.exchange
        monkeypatch.setattr(Board, "exchange", partialmethod(exchange_unless, self))


def exchange_unless(board: Board, outage: Outage, own: People) -> People:
    if outage.is_on:
        outage.noticed.set()
        raise OperationalError("the database is gone")
    return outage.exchange(board, own)


async def test_without_the_database_it_is_silent_and_comes_back(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outage = Outage(monkeypatch)
    async with connect(HTML) as page:
        await told(page, "1 watching")
        outage.is_on = True
        async with connect(HTML):
            assert await asyncio.to_thread(outage.noticed.wait, TIMEOUT)
            await post_status(alice, "meanwhile")
            assert "meanwhile" in await page.html()
            outage.is_on = False
            await told(page, "2 watching")
    assert caplog.text == ""


async def test_a_hub_that_ends_takes_its_row_back() -> None:
    async with connect(HTML) as page:
        await told(page, "1 watching")
        assert await Presence.objects.acount() == 1
        await hub().close()
        assert not await Presence.objects.aexists()
