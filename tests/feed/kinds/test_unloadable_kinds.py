"""Kinds that can't be loaded now: their events are shown in their simplest form, and redelivered later."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client

from feed import log, receivers, times
from feed.frames import redelivery
from feed.kinds import loading
from feed.log import Change
from feed.models import Event, StatusChange
from tests.feed.sockets import connect, post_status
from tests.support.kinds import Deploy
from tests.support.odd_kinds import new_kind, using_kinds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

# Tests name `closed_hub` after `absent`, so that the hub is closed before the kind is forgotten.

COMMON = {"id", "kind", "user", "summary", "url", "audience", "created_at", "edited_at"}


@pytest.fixture
def absent(transactional_db: None) -> Iterator[Any]:
    """A kind without a table."""
    kind = new_kind("Absent", text=models.CharField(max_length=10))
    with using_kinds(kind):
        yield kind


def save_in_another_release(user: User, kind: str) -> Event:
    """Save an event as another process does that knows the kind."""
    event = Event.rows.create(user=user)
    models.QuerySet(Event).filter(pk=event.pk).update(kind=kind)
    event.refresh_from_db()
    Change.objects.filter(event_id=event.pk).delete()
    receivers.notify("created", [event], None)
    return event


@pytest.mark.parametrize("kind", ["absent", "of_another_release"])
async def test_an_event_whose_kind_has_no_table_or_class_does_not_hold_up_others(
    alice: User, absent: Any, closed_hub: None, kind: str
) -> None:
    start = (await database_sync_to_async(log.number)()).head
    event = await database_sync_to_async(save_in_another_release)(alice, kind)
    await post_status(alice, "good")
    async with connect(f"?after={start}") as watcher:
        first, second = (await watcher.frame())["changes"]
    assert (first["action"], first["event"]["id"], first["event"]["kind"]) == ("created", event.pk, kind)
    assert set(first["event"]) == COMMON
    assert second["event"]["text"] == "good"


@pytest.mark.parametrize("kind", ["absent", "of_another_release"])
def test_pages_and_api_show_an_event_whose_kind_has_no_table_or_class(
    client: Client, alice: User, absent: Any, kind: str
) -> None:
    event = save_in_another_release(alice, kind)
    for path in ["/", f"/events/{event.pk}/", "/people/alice/", "/api/events/", "/api/events/?stream=user:alice"]:
        response = client.get(path)
        assert response.status_code == 200, path
        assert str(event.pk) in response.content.decode()


def make_redelivery_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "now", lambda now=times.now: now() + redelivery.MAX_WAIT)


async def test_an_event_that_could_not_be_loaded_is_redelivered_once_it_can(
    alice: User, absent: Any, closed_hub: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = (await database_sync_to_async(log.number)()).head
    event = await database_sync_to_async(save_in_another_release)(alice, "absent")
    async with connect(f"?after={start}") as watcher:
        assert "text" not in (await watcher.frame())["changes"][0]["event"]
        await database_sync_to_async(create_table_and_row)(absent, event)
        make_redelivery_due(monkeypatch)
        assert await database_sync_to_async(redelivery.redeliver)() == 1
        assert await database_sync_to_async(redelivery.redeliver)() == 0
        change = (await watcher.frame())["changes"][0]
    assert (change["action"], change["event"]["text"]) == ("updated", "here")
    await database_sync_to_async(drop_table)(absent)


def create_table_and_row(kind: Any, event: Event) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(kind)
    part = kind(event_ptr_id=event.pk, text="here")
    part.save_base(raw=True)


def drop_table(kind: Any) -> None:
    with connection.schema_editor() as editor:
        editor.delete_model(kind)


@pytest.mark.postgresql
async def test_an_event_whose_table_is_locked_does_not_hold_up_others_and_is_redelivered(
    alice: User, closed_hub: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = (await database_sync_to_async(log.number)()).head
    deploy = await database_sync_to_async(Deploy.objects.create)(user=alice, service="web")
    release = await database_sync_to_async(lock_table)("feed_deploy")
    try:
        await post_status(alice, "good")
        async with connect(f"?after={start}") as watcher:
            found: list[dict[str, Any]] = []
            while len(found) < 2:
                found += (await watcher.frame())["changes"]
    finally:
        await database_sync_to_async(release)()
    assert (found[0]["action"], found[0]["event"]["id"]) == ("created", deploy.pk)
    assert set(found[0]["event"]) == COMMON
    assert found[1]["event"]["text"] == "good"
    make_redelivery_due(monkeypatch)
    monkeypatch.setattr(loading, "LOCKED_PAUSE", 0.0)
    async with connect() as watcher:
        await watcher.frame()
        assert await database_sync_to_async(redelivery.redeliver)() == 1
        change = (await watcher.frame())["changes"][0]
    assert (change["action"], change["event"]["service"]) == ("updated", "web")


def lock_table(name: str) -> Callable[[], None]:
    """Lock the table, as a migration does. Returns a function that releases it."""
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
    return other.close


def test_an_event_that_is_deleted_before_its_redelivery_is_not_redelivered(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = StatusChange.objects.create(user=alice, text="gone")
    status.delete()
    Change.objects.update(incomplete=True)
    make_redelivery_due(monkeypatch)
    assert redelivery.redeliver() == 1  # alice's welcome
    assert not Change.objects.filter(incomplete=True).exists()
