"""The websocket of a page: rows of HTML, from the cursor that the page sends."""

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from pytest_django import Settings

from feed import log
from feed.models import StatusChange
from tests.feed.sockets import TIMEOUT, connect, post_status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("closed_hub")]


async def test_the_page_of_a_deleted_thread_gets_its_deletion(alice: User) -> None:
    status = await post_status(alice, "Hello")
    pk, cursor = status.pk, (await database_sync_to_async(log.number)()).head
    await database_sync_to_async(status.delete)()
    async with connect(f"?format=html&stream=thread:{pk}") as page:
        await page.send_json_to({"after": str(cursor)})
        assert f'hx-target="#event-{pk}" hx-swap="delete"' in await page.html()


async def test_a_page_that_never_sends_its_cursor_is_disconnected(alice: User, settings: Settings) -> None:
    settings.FEED_STALL = 0.1
    async with connect("?format=html") as page:
        await page.wait(timeout=TIMEOUT)
        assert page.future.done()


async def test_the_first_message_of_a_page_sets_its_cursor(alice: User) -> None:
    status = await post_status(alice, "Hello")
    async with connect("?format=html") as page:
        await page.send_json_to({"after": "1", "headers": {"HX-Request": "true"}})
        frame = await page.html()
        assert f'id="event-{status.pk}"' in frame
        assert frame.endswith('<input type="hidden" id="cursor" name="after" value="2" hx-swap-oob="true">')
        await post_status(alice, "live")
        assert "live" in await page.html()


async def test_a_page_with_a_cursor_of_another_log_is_reset(alice: User) -> None:
    async with connect("?format=html") as page:
        await page.send_json_to({"after": "1", "log": "another"})
        frame = await page.html()
    assert 'id="cursor"' in frame
    assert "hx-get" in frame


async def test_a_page_that_adds_older_rows_gets_the_changes_since_they_were_read(alice: User) -> None:
    status = await post_status(alice, "Hello")
    async with connect("?format=html") as page:
        await page.send_json_to({"after": "2"})
        await page.html()
        status.text = "edited while the page loaded older rows"
        await database_sync_to_async(status.save)()
        assert "edited while" in await page.html()
        await page.send_json_to({"after": "2"})
        assert "edited while" in await page.html()


async def test_a_page_may_send_a_cursor_older_than_the_tail(alice: User, settings: Settings) -> None:
    """As after one query has changed all events while the page loaded older rows."""
    settings.FEED_TAIL = 1
    await post_status(alice, "first")
    await post_status(alice, "second")
    async with connect("?format=html") as page:
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


async def test_a_page_gets_a_post_from_when_only_programs_watched(alice: User) -> None:
    async with connect("?after=0") as program:
        await program.frame()
        await post_status(alice, "Hello")
        await program.frame()
        async with connect("?format=html&after=0") as page:
            assert "Hello" in await page.html()


async def test_a_page_that_was_made_for_somebody_else_is_told_to_load_again() -> None:
    async with connect("?format=html") as page:
        await page.send_json_to({"after": "1", "as": "17"})
        assert "Somebody else is logged in now." in await page.html()
        assert await page.closed() == 4401


async def test_a_page_that_was_made_for_nobody_is_served_to_nobody() -> None:
    async with connect("?format=html") as page:
        await page.send_json_to({"after": "0", "as": ""})
        assert 'id="cursor"' in await page.html()
