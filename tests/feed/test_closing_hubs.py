"""Closing the hubs of a test: their threads and connections end with it."""

import asyncio
from threading import Thread

import pytest

from feed import hub
from feed.testing import close_hubs
from tests.feed.sockets import connect

pytestmark = pytest.mark.database


async def visit() -> None:
    async with connect() as client:
        await client.frame()


def has_ended(found: hub.Hub) -> bool:
    return found.poller._thread.threads._shutdown and found._threads.threads._shutdown


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_closed", [True, False])
def test_the_hub_of_a_loop_that_does_not_run_is_closed(is_closed: bool) -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(visit())
    ((_, found),) = hub.all_hubs()
    if is_closed:
        loop.close()
    close_hubs()
    assert (has_ended(found), hub.all_hubs()) == (True, [])
    loop.close()


@pytest.mark.django_db(transaction=True)
def test_the_hub_of_a_running_loop_is_closed_when_nobody_watches() -> None:
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        connection = connect()
        client = asyncio.run_coroutine_threadsafe(connection.__aenter__(), loop).result(10)
        asyncio.run_coroutine_threadsafe(client.frame(), loop).result(10)
        ((_, found),) = hub.all_hubs()
        close_hubs()
        assert not has_ended(found)
        asyncio.run_coroutine_threadsafe(connection.__aexit__(None, None, None), loop).result(10)
        close_hubs()
        assert (has_ended(found), hub.all_hubs()) == (True, [])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def test_hubs_can_not_be_closed_in_a_loop() -> None:
    with pytest.raises(RuntimeError, match="close_hubs"):
        close_hubs()
