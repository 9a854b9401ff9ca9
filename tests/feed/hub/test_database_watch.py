"""Watching the database: without a shared doorbell, a write of another process rings long before the poll."""

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
from feed.hub import database_watch
from feed.models import StatusChange
from tests.feed.sockets import connect, post_status, texts
from tests.support.processes import TIMEOUT, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

SQLITE_ONLY = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="Only SQLite has its database in a file or in memory."
)

SUCCEEDED = database_watch.INTERVAL
"""What a look returns if it succeeds."""


class Watch:
    """Looks at the database, in its own thread, when the test calls `look`. Plays the hub's part, too."""

    def __init__(self) -> None:
        self.rings = 0
        self._known = ("", -1)
        self._watch = database_watch.DatabaseWatch(self._ring, lambda: self._known)
        self._thread = ThreadPoolExecutor(1)
        self.hub_reads(log.number())
        assert self.look() == SUCCEEDED

    def hub_reads(self, state: log.State) -> None:
        self._known = (state.epoch, state.head)

    def look(self) -> float:
        return self._thread.submit(self._watch.look).result()

    def lose_connection(self) -> None:
        self._thread.submit(close_driver_connection).result()

    def close(self) -> None:
        self._thread.submit(connections.close_all)
        self._thread.shutdown()

    def _ring(self) -> None:
        self.rings += 1


def close_driver_connection() -> None:
    assert connection.connection is not None
    connection.connection.close()


@pytest.fixture
def watch(alice: User) -> Iterator[Watch]:
    watch = Watch()
    assert watch.rings == 0
    yield watch
    watch.close()


def test_a_commit_of_another_connection_rings_at_the_next_look(alice: User, watch: Watch) -> None:
    with transaction.atomic():
        StatusChange.objects.create(user=alice, text="Hello")
        assert watch.look() == SUCCEEDED
        assert watch.rings == 0, "It isn't committed yet."
    watch.look()
    assert watch.rings == 1


def test_a_change_that_another_process_has_numbered_rings(alice: User, watch: Watch) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    log.number()
    watch.look()
    assert watch.rings == 1


def test_a_change_that_the_hub_has_read_does_not_ring(alice: User, watch: Watch) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    watch.hub_reads(log.number())
    assert watch.look() == SUCCEEDED
    assert watch.rings == 0


def test_a_write_outside_the_log_does_not_ring(watch: Watch) -> None:
    SessionStore().save()
    assert watch.look() == SUCCEEDED
    assert watch.rings == 0


def test_changes_that_the_hub_fails_to_read_ring_once(alice: User, watch: Watch) -> None:
    for text in ("one", "two"):
        StatusChange.objects.create(user=alice, text=text)
        watch.look()
    assert watch.rings == 1
    watch.hub_reads(log.number())
    StatusChange.objects.create(user=alice, text="three")
    watch.look()
    assert watch.rings == 2


def test_a_look_succeeds_while_another_process_writes(alice: User, watch: Watch) -> None:
    with transaction.atomic():
        log.rename()
        assert watch.look() == SUCCEEDED
    watch.look()
    assert watch.rings == 1


def test_after_a_failed_look_the_watch_waits_for_the_poll_and_reconnects(
    alice: User, watch: Watch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.FEED_POLL = 7.0
    watch.lose_connection()
    assert watch.look() == 7
    StatusChange.objects.create(user=alice, text="Hello")
    assert watch.look() == SUCCEEDED
    assert watch.rings == 1
    assert not [record for record in caplog.records if record.name.startswith("feed")], "The hub logs what is wrong."


@pytest.mark.usefixtures("closed_hub")
async def test_without_a_doorbell_a_post_arrives_long_before_the_poll(
    alice: User, settings: Settings, rings: list[tuple[int, str]]
) -> None:
    settings.FEED_POLL = 3600
    async with connect() as watcher:
        await watcher.frame()
        await post_status(alice, "Hello")
        assert texts(await watcher.frame()) == ["Hello"]
    assert rings, "The post didn't try to ring."


async def test_a_cancelled_watch_leaves_no_thread() -> None:
    watching = asyncio.create_task(database_watch.run(lambda: None, lambda: ("", -1)))
    await asyncio.to_thread(wait_until, is_watching, "the thread to start")
    watching.cancel()
    await asyncio.wait([watching])
    assert not is_watching()


def is_watching() -> bool:
    return any(thread.name == "rill-look" for thread in threading.enumerate())


async def test_with_a_shared_doorbell_the_database_is_not_watched(settings: Settings) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}}
    await asyncio.wait_for(database_watch.run(lambda: None, lambda: ("", -1)), 60)


@SQLITE_ONLY
async def test_a_database_in_memory_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process could write to it."""
    monkeypatch.setitem(connection.settings_dict, "NAME", ":memory:")
    await asyncio.wait_for(database_watch.run(lambda: None, lambda: ("", -1)), 60)


@SQLITE_ONLY
def test_a_moved_database_file_is_reported_once_and_no_longer_watched(
    alice: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log.number()
    file = tmp_path / "rill.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])
    monkeypatch.setitem(connection.settings_dict, "NAME", file)
    watch = database_watch.DatabaseWatch(lambda: file.rename(tmp_path / "old.sqlite3"), lambda: ("", -1))
    thread = threading.Thread(target=watch.run, args=(threading.Event(),), daemon=True)
    thread.start()
    thread.join(TIMEOUT)
    assert not thread.is_alive()
    assert caplog.messages == [
        f"{file} was moved, removed or replaced: restart the server, which still reads the old file"
    ]
