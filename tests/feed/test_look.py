"""Looks: what another process writes wakes the hub long before its poll, where no doorbell crosses processes."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import Settings

from feed import log, look
from feed.models import StatusChange
from tests.feed.watching import client, texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def new_look() -> look.Look:
    return look.SqliteLook() if connection.vendor == "sqlite" else look.QueryLook()


@database_sync_to_async
def post(user: User, text: str) -> None:
    StatusChange.objects.create(user=user, text=text)


async def test_a_look_sees_what_another_connection_has_committed_and_nothing_else(alice: User) -> None:
    await database_sync_to_async(log.number)()
    looking = new_look()
    try:
        await looking.has_changed()
        assert not await looking.has_changed()
        await post(alice, "Hello")
        assert await looking.has_changed()
        await database_sync_to_async(log.number)()
        assert await looking.has_changed()
        assert not await looking.has_changed()
    finally:
        looking.close()


@pytest.mark.usefixtures("closed_hub")
async def test_without_a_bell_a_post_comes_long_before_the_poll(
    alice: User, settings: Settings, rings: list[tuple[int, str]]
) -> None:
    settings.FEED_POLL = 3600
    async with client() as watcher:
        await watcher.frame()
        await post(alice, "Hello")
        assert texts(await watcher.frame()) == ["Hello"]
    assert rings, "It would have been heard, had it been sent."


async def test_where_a_bell_is_heard_nobody_looks(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "INTERVAL", 0)
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}}
    await asyncio.wait_for(look.follow(lambda: pytest.fail("It was looked.")), 60)


async def test_a_file_that_is_not_there_is_looked_at_as_soon_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rill.sqlite3"
    monkeypatch.setitem(connection.settings_dict, "NAME", file)
    looking = look.SqliteLook()
    with pytest.raises(sqlite3.OperationalError):
        await looking.has_changed()
    sqlite3.connect(file).close()
    file.touch()
    assert await looking.has_changed()
    assert not await looking.has_changed()
    looking.close()
