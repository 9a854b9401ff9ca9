"""No event can hold up another: kinds that fail at something, and what is shown of their events."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from feed import log, receivers
from feed.frames import redelivery
from feed.kinds import loading
from feed.log import Change
from feed.models import Event, StatusChange
from tests.feed.recorded import changes, forget_changes
from tests.feed.sockets import connect, post_status
from tests.support.kinds import Deploy
from tests.support.odd_kinds import new_kind, odd_kinds, tables, using_kinds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
# The hub, which reads their tables, is closed before these are dropped: `closed_hub` comes after them.
NAMES = ["unreadable", "unnamed", "unlinked", "astray"]
if connection.vendor == "sqlite":  # PostgreSQL keeps no half of a character
    NAMES.append("unencodable")
REFUSED = "keyed"
"""By a check: it stops nobody, and is shown, but not all of Django can deal with it."""
SIMPLY_SHOWN = ["unreadable", "unlinked", "unencodable"]
COMMON = {"id", "kind", "user", "summary", "url", "created_at", "edited_at"}


@pytest.fixture
def odd(transactional_db: None) -> Iterator[SimpleNamespace]:
    kinds = odd_kinds()
    with using_kinds(*vars(kinds).values()), tables(*vars(kinds).values()):
        yield kinds


def save(odd: SimpleNamespace, name: str, user: User) -> Any:
    return getattr(odd, name).objects.create(user=user)


@pytest.mark.parametrize("name", [*NAMES, REFUSED])
def test_an_odd_event_is_saved_edited_and_deleted_and_each_is_recorded(
    alice: User, odd: SimpleNamespace, name: str
) -> None:
    forget_changes()
    event = save(odd, name, alice)
    pk = event.id
    event.save()
    event.delete()
    assert changes() == [("created", pk, name), ("updated", pk, name), ("deleted", pk, name)]


@pytest.mark.parametrize("query", ["?after={}", "?stream=user:alice&after={}"])
@pytest.mark.parametrize("name", [*NAMES, REFUSED])
async def test_watchers_get_an_odd_event_as_what_it_is_and_all_that_follows(
    alice: User, odd: SimpleNamespace, closed_hub: None, name: str, query: str
) -> None:
    start = (await database_sync_to_async(log.number)()).head
    async with connect(query.format(start)) as live:
        await live.frame()
        event = await database_sync_to_async(save)(odd, name, alice)
        await post_status(alice, "good")
        found: list[dict[str, Any]] = []
        while len(found) < 2:
            found += (await live.frame())["changes"]
    async with connect(query.format(start)) as late:
        assert (await late.frame())["changes"] == found
    assert [change["action"] for change in found] == ["created", "created"]
    shown = found[0]["event"]
    assert {key: shown[key] for key in ("id", "kind", "user")} == {"id": event.id, "kind": name, "user": "alice"}
    assert (set(shown) == COMMON) == (name in SIMPLY_SHOWN)
    assert shown["url"] == f"/events/{event.id}/"
    assert found[1]["event"]["text"] == "good"


@pytest.mark.parametrize("name", NAMES)
async def test_pages_that_watch_get_a_row_of_an_odd_event(
    alice: User, odd: SimpleNamespace, closed_hub: None, name: str
) -> None:
    start = (await database_sync_to_async(log.number)()).head
    event = await database_sync_to_async(save)(odd, name, alice)
    await post_status(alice, "good")
    async with connect("?format=html") as page:
        await page.send_to(text_data=json.dumps({"after": str(start)}))
        html = await page.html()
    assert f'<article id="event-{event.id}"' in html
    assert 'hx-swap="delete"' not in html
    assert "good" in html


@pytest.mark.parametrize("name", NAMES)
def test_pages_and_api_show_an_odd_event_and_all_others(
    client: Client, alice: User, odd: SimpleNamespace, name: str
) -> None:
    StatusChange.objects.create(user=alice, text="good")
    event = save(odd, name, alice)
    for path in ["/", f"/events/{event.id}/", "/people/alice/"]:
        response = client.get(path)
        assert response.status_code == 200, path
        assert f'id="event-{event.id}"' in response.content.decode(), path
    for query in ["", "?stream=user:alice", f"?stream=kind:{name}"]:
        shown = client.get(f"/api/events/{query}").json()["events"][0]
        assert (shown["id"], shown["kind"], shown["user"]) == (event.id, name, "alice")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "unreadable"])  # Django loads what it deletes
def test_the_admin_shows_and_deletes_odd_events(
    admin_client: Client, alice: User, odd: SimpleNamespace, name: str
) -> None:
    pk = save(odd, name, alice).id
    assert admin_client.get("/admin/feed/event/").status_code == 200
    chosen = {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"}
    assert admin_client.post("/admin/feed/event/", chosen | {"post": ""}).status_code == 200
    assert admin_client.post("/admin/feed/event/", chosen).status_code == 302
    assert not Event.rows.filter(id=pk).exists()
    save(odd, name, alice)
    assert admin_client.post(f"/admin/auth/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(username="alice").exists()


def test_what_fails_is_logged_once(
    client: Client, alice: User, odd: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        odd.unlinked.objects.create(user=alice)
    for _ in range(3):
        client.get("/api/events/")
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "Failed to describe an event of kind 'unlinked'"
    ]
    assert "ZeroDivisionError" in caplog.text


def test_only_the_row_that_can_not_be_read_is_shown_in_its_simplest_form(
    client: Client, alice: User, odd: SimpleNamespace
) -> None:
    for value in ["a", "bad", "b"]:
        odd.unreadable.objects.create(user=alice, value=value)
    events = client.get("/api/events/?stream=kind:unreadable").json()["events"]
    assert [event.get("value") for event in events] == ["b", None, "a"]


def test_a_thread_that_leads_elsewhere_puts_no_event_into_a_thread(
    client: Client, alice: User, odd: SimpleNamespace
) -> None:
    status = StatusChange.objects.create(user=alice, text="good")
    somebody = User.objects.filter(pk=status.pk).first() or User.objects.create_user("somebody", pk=status.pk)
    astray = odd.astray.objects.create(user=alice, thread=somebody)
    assert astray.streams() == ["public", "user:alice", "kind:astray", f"thread:{astray.pk}"]
    snapshot = client.get(f"/api/events/?stream=thread:{status.pk}").json()
    assert [event["id"] for event in snapshot["events"]] == [status.pk]


@pytest.fixture
def absent(transactional_db: None) -> Iterator[Any]:
    """A kind whose table isn't there."""
    kind = new_kind("Absent", text=models.CharField(max_length=10))
    with using_kinds(kind):
        yield kind


def save_elsewhere(user: User, kind: str) -> Event:
    """An event as another process has saved it, which knows the kind."""
    event = Event.rows.create(user=user)
    models.QuerySet(Event).filter(pk=event.pk).update(kind=kind)
    event.refresh_from_db()
    Change.objects.filter(event_id=event.pk).delete()
    receivers.notify("created", [event], None)
    return event


@pytest.mark.parametrize("kind", ["absent", "of_another_release"])
async def test_a_kind_without_a_table_or_a_class_stops_nobody(
    alice: User, absent: Any, closed_hub: None, kind: str
) -> None:
    start = (await database_sync_to_async(log.number)()).head
    event = await database_sync_to_async(save_elsewhere)(alice, kind)
    await post_status(alice, "good")
    async with connect(f"?after={start}") as watcher:
        first, second = (await watcher.frame())["changes"]
    assert (first["action"], first["event"]["id"], first["event"]["kind"]) == ("created", event.pk, kind)
    assert set(first["event"]) == COMMON
    assert second["event"]["text"] == "good"


@pytest.mark.parametrize("kind", ["absent", "of_another_release"])
def test_pages_and_api_stay_while_a_kind_has_no_table_or_class(
    client: Client, alice: User, absent: Any, kind: str
) -> None:
    event = save_elsewhere(alice, kind)
    for path in ["/", f"/events/{event.pk}/", "/people/alice/", "/api/events/", "/api/events/?stream=user:alice"]:
        response = client.get(path)
        assert response.status_code == 200, path
        assert str(event.pk) in response.content.decode()


async def test_what_could_not_be_loaded_in_full_is_brought_again_when_it_can(
    alice: User, absent: Any, closed_hub: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = (await database_sync_to_async(log.number)()).head
    event = await database_sync_to_async(save_elsewhere)(alice, "absent")
    async with connect(f"?after={start}") as watcher:
        assert "text" not in (await watcher.frame())["changes"][0]["event"]
        await database_sync_to_async(make_complete)(absent, event)
        monkeypatch.setattr(timezone, "now", lambda now=timezone.now: now() + redelivery.MAX_WAIT)
        assert await database_sync_to_async(redelivery.redeliver)() == 1
        assert await database_sync_to_async(redelivery.redeliver)() == 0
        change = (await watcher.frame())["changes"][0]
    assert (change["action"], change["event"]["text"]) == ("updated", "here")
    await database_sync_to_async(drop)(absent)


def make_complete(kind: Any, event: Event) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(kind)
    part = kind(event_ptr_id=event.pk, text="here")
    part.save_base(raw=True)


def drop(kind: Any) -> None:
    with connection.schema_editor() as editor:
        editor.delete_model(kind)


@pytest.mark.postgresql
async def test_a_kind_whose_table_is_locked_holds_up_nobody_and_is_brought_again(
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
    monkeypatch.setattr(timezone, "now", lambda now=timezone.now: now() + redelivery.MAX_WAIT)
    monkeypatch.setattr(loading, "LOCKED_PAUSE", 0.0)
    async with connect() as watcher:
        await watcher.frame()
        assert await database_sync_to_async(redelivery.redeliver)() == 1
        change = (await watcher.frame())["changes"][0]
    assert (change["action"], change["event"]["service"]) == ("updated", "web")


def lock_table(name: str) -> Callable[[], None]:
    """As a migration does. Returns what releases it."""
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
    return other.close


@pytest.fixture
def nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Users whose own `__str__` fails."""

    def fail(self: User) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(User, "__str__", fail)


@pytest.mark.usefixtures("nameless")
def test_an_event_of_a_user_that_can_not_be_named_is_shown(client: Client, alice: User) -> None:
    Event.objects.create(user=alice)
    Deploy.objects.create(user=alice, service="web")
    StatusChange.objects.create(user=alice, text="good")
    events = client.get("/api/events/").json()["events"]
    assert [event["summary"] for event in events] == [
        "alice: status change",
        "alice: deploy",
        "alice: event",
        "alice: welcome",
    ]
    assert client.get("/").status_code == 200


def test_an_event_that_was_deleted_before_it_could_be_brought_again_is_forgotten(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = StatusChange.objects.create(user=alice, text="gone")
    status.delete()
    Change.objects.update(incomplete=True)
    monkeypatch.setattr(timezone, "now", lambda now=timezone.now: now() + redelivery.MAX_WAIT)
    assert redelivery.redeliver() == 1  # the welcome
    assert not Change.objects.filter(incomplete=True).exists()
