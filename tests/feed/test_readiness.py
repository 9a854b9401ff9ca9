"""Readiness: a process isn't ready while its hub fails or hangs, and is ready again afterwards."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import connections
from django.test import AsyncClient
from pytest_django import Settings

from feed.hub.poller import LogPoller
from tests.feed.sockets import connect, post_status, texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def short_poll(settings: Settings) -> None:
    settings.FEED_POLL = 0.05


async def wait_for(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 (the condition is polled over HTTP)
            await asyncio.sleep(0.01)


async def is_ready() -> bool:
    try:
        return (await AsyncClient().get("/readyz")).status_code == 200
    finally:
        await database_sync_to_async(connections.close_all)()  # as a server does after each request


async def is_not_ready() -> bool:
    return not await is_ready()


@pytest.mark.usefixtures("short_poll")
@pytest.mark.parametrize("error", [ZeroDivisionError, AssertionError])
async def test_a_process_is_not_ready_while_every_cycle_of_its_hub_fails(
    alice: User, closed_hub: None, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(self: LogPoller, read_ahead: bool) -> None:
        raise error

    async with connect() as watcher:
        await watcher.frame()
        await wait_for(is_ready)
        with monkeypatch.context() as patch:
            patch.setattr(LogPoller, "_read", fail)
            await wait_for(is_not_ready)
            await post_status(alice, "Hello")
        assert texts(await watcher.frame()) == ["Hello"]
        await wait_for(is_ready)


@pytest.mark.usefixtures("short_poll")
async def test_a_process_is_not_ready_while_a_read_of_its_hub_hangs(
    alice: User, closed_hub: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    read = LogPoller._read

    def hang(self: LogPoller, read_ahead: bool) -> object:
        released.wait()
        return read(self, read_ahead)

    async with connect() as watcher:
        await watcher.frame()
        monkeypatch.setattr(LogPoller, "_read", hang)
        try:
            await wait_for(is_not_ready)
        finally:
            released.set()
        await wait_for(is_ready)
