"""Looks: what another process writes rings long before the hub's poll is due, where no doorbell crosses processes."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, connections, transaction
from pytest_django import Settings

from feed import log
from feed.doorbell import MAX_SPACING
from feed.hub import database_watch
from feed.models import StatusChange
from tests.feed.sockets import connect, post_status, texts
from tests.support.processes import PATIENCE, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

OF_SQLITE = pytest.mark.skipif(connection.vendor != "sqlite", reason="Only SQLite's are files, or in memory.")

LOOKED = database_watch.INTERVAL
"""What a look that went well returns."""


class Looker:
    """Looks when it is told to, in a thread of its own, for a hub that has read what it is told."""

    def __init__(self) -> None:
        self.rings = 0
        self._known = ("", -1)
        self._looking = database_watch.DatabaseWatch(self._ring, lambda: self._known)
        self._thread = ThreadPoolExecutor(1)
        self.has_read(log.number())
        assert self.look() == LOOKED

    def has_read(self, state: log.State) -> None:
        self._known = (state.epoch, state.head)
        assert self.look() == MAX_SPACING

    def look(self) -> float:
        return self._thread.submit(self._looking.look).result()

    def lose_its_connection(self) -> None:
        self._thread.submit(close_what_is_under_django).result()

    def close(self) -> None:
        self._thread.submit(connections.close_all)
        self._thread.shutdown()

    def _ring(self) -> None:
        self.rings += 1


def close_what_is_under_django() -> None:
    assert connection.connection is not None
    connection.connection.close()


@pytest.fixture
def looker(alice: User) -> Iterator[Looker]:
    looker = Looker()
    assert looker.rings == 0
    yield looker
    looker.close()


def test_what_another_connection_commits_rings_at_the_next_look(alice: User, looker: Looker) -> None:
    with transaction.atomic():
        StatusChange.objects.create(user=alice, text="Hello")
        assert looker.look() == LOOKED
        assert looker.rings == 0, "It has not been committed."
    looker.look()
    assert looker.rings == 1


def test_what_another_process_has_numbered_by_then_rings_too(alice: User, looker: Looker) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    log.number()
    looker.look()
    assert looker.rings == 1


def test_what_the_hub_has_read_by_itself_does_not_ring(alice: User, looker: Looker) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    looker.has_read(log.number())
    assert looker.look() == LOOKED
    assert looker.rings == 0


def test_what_is_not_for_the_log_does_not_ring(looker: Looker) -> None:
    SessionStore().save()
    assert looker.look() == LOOKED
    assert looker.rings == 0


def test_what_the_hub_fails_at_rings_once_and_the_next_ring_is_for_what_comes_after(
    alice: User, looker: Looker
) -> None:
    for text in ("one", "two"):
        StatusChange.objects.create(user=alice, text=text)
        looker.look()
    assert looker.rings == 1
    looker.has_read(log.number())
    StatusChange.objects.create(user=alice, text="three")
    looker.look()
    assert looker.rings == 2


def test_a_look_goes_well_while_another_process_writes(alice: User, looker: Looker) -> None:
    with transaction.atomic():
        log.rename()
        assert looker.look() == LOOKED
    looker.look()
    assert looker.rings == 1


def test_after_a_look_that_fails_the_next_is_due_with_the_poll_on_a_new_connection(
    alice: User, looker: Looker, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.FEED_POLL = 7.0
    looker.lose_its_connection()
    assert looker.look() == 7
    StatusChange.objects.create(user=alice, text="Hello")
    assert looker.look() == LOOKED
    assert looker.rings == 1
    assert not [record for record in caplog.records if record.name.startswith("feed")], "The hub says what is wrong."


@pytest.mark.usefixtures("closed_hub")
async def test_without_a_bell_a_post_comes_long_before_the_poll(
    alice: User, settings: Settings, rings: list[tuple[int, str]]
) -> None:
    settings.FEED_POLL = 3600
    async with connect() as watcher:
        await watcher.frame()
        await post_status(alice, "Hello")
        assert texts(await watcher.frame()) == ["Hello"]
    assert rings, "It would have been heard, had it been sent."


async def test_a_hub_that_is_closed_leaves_no_thread() -> None:
    following = asyncio.create_task(database_watch.run(lambda: None, lambda: ("", -1)))
    await asyncio.to_thread(wait_until, is_looking, "somebody to look")
    following.cancel()
    await asyncio.wait([following])
    assert not is_looking()


def is_looking() -> bool:
    return any(thread.name == "rill-look" for thread in threading.enumerate())


async def test_where_a_bell_is_heard_nobody_looks(settings: Settings) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}}
    await asyncio.wait_for(database_watch.run(lambda: None, lambda: ("", -1)), 60)


@OF_SQLITE
async def test_a_database_in_memory_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process could write to it."""
    monkeypatch.setitem(connection.settings_dict, "NAME", ":memory:")
    await asyncio.wait_for(database_watch.run(lambda: None, lambda: ("", -1)), 60)


@OF_SQLITE
def test_a_file_that_is_moved_is_reported_once_and_no_more_looked_at(
    alice: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log.number()
    file = tmp_path / "rill.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])
    monkeypatch.setitem(connection.settings_dict, "NAME", file)
    looks = database_watch.DatabaseWatch(lambda: file.rename(tmp_path / "old.sqlite3"), lambda: ("", -1))
    looking = threading.Thread(target=looks.run, args=(threading.Event(),), daemon=True)
    looking.start()
    looking.join(PATIENCE)
    assert not looking.is_alive()
    assert caplog.messages == [
        f"{file} was moved, removed or replaced: restart the server, which still reads the old file"
    ]
