"""Whether a process can serve: a hub that doesn't get on is told of, and so is one that gets on again."""

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
def hurried(settings: Settings) -> None:
    settings.FEED_POLL = 0.05


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 (it is asked over HTTP)
            await asyncio.sleep(0.01)


async def is_ready() -> bool:
    try:
        return (await AsyncClient().get("/readyz")).status_code == 200
    finally:
        await database_sync_to_async(connections.close_all)()  # as a server does after each request


async def is_not_ready() -> bool:
    return not await is_ready()


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("error", [ZeroDivisionError, AssertionError])
async def test_a_hub_whose_every_cycle_fails_is_not_ready_until_one_succeeds(
    alice: User, closed_hub: None, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(self: LogPoller, read_ahead: bool) -> None:
        raise error

    async with connect() as watcher:
        await watcher.frame()
        await until(is_ready)
        with monkeypatch.context() as broken:
            broken.setattr(LogPoller, "_read", fail)
            await until(is_not_ready)
            await post_status(alice, "Hello")
        assert texts(await watcher.frame()) == ["Hello"]
        await until(is_ready)


@pytest.mark.usefixtures("hurried")
async def test_a_hub_whose_read_hangs_is_not_ready(
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
            await until(is_not_ready)
        finally:
            released.set()
        await until(is_ready)
