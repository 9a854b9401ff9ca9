"""Odd kinds, whose code fails at something: their events are shown, and hold up no other event."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from feed import log
from feed.models import Event, StatusChange
from tests.feed.recorded import changes, forget_changes
from tests.feed.sockets import connect, post_status
from tests.support.kinds import Deploy
from tests.support.odd_kinds import odd_kinds, tables, using_kinds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

# Tests name `closed_hub` after `odd`, so that the hub is closed before the tables are dropped.
NAMES = ["unreadable", "unnamed", "unlinked", "astray"]
if connection.vendor == "sqlite":  # PostgreSQL can't store half a surrogate pair
    NAMES.append("unencodable")
REFUSED = "keyed"
"""A system check refuses it. It is shown anyway, but not all of Django works with it."""
SIMPLY_SHOWN = ["unreadable", "unlinked", "unencodable"]
COMMON = {"id", "kind", "user", "summary", "url", "audience", "created_at", "edited_at"}


@pytest.fixture
def odd(transactional_db: None) -> Iterator[SimpleNamespace]:
    kinds = odd_kinds()
    with using_kinds(*vars(kinds).values()), tables(*vars(kinds).values()):
        yield kinds


def save(odd: SimpleNamespace, name: str, user: User) -> Any:
    return getattr(odd, name).objects.create(user=user)


@pytest.mark.parametrize("name", [*NAMES, REFUSED])
def test_saving_editing_and_deleting_an_odd_event_are_recorded(alice: User, odd: SimpleNamespace, name: str) -> None:
    forget_changes()
    event = save(odd, name, alice)
    pk = event.id
    event.save()
    event.delete()
    assert changes() == [("created", pk, name), ("updated", pk, name), ("deleted", pk, name)]


@pytest.mark.parametrize("query", ["?after={}", "?stream=user:alice&after={}"])
@pytest.mark.parametrize("name", [*NAMES, REFUSED])
async def test_watchers_get_an_odd_event_and_the_events_after_it(
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
async def test_a_live_page_gets_a_row_for_an_odd_event(
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
def test_pages_and_api_show_an_odd_event(client: Client, alice: User, odd: SimpleNamespace, name: str) -> None:
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


def test_an_odd_kind_is_logged_once(
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


def test_only_an_unreadable_row_is_shown_in_its_simplest_form(
    client: Client, alice: User, odd: SimpleNamespace
) -> None:
    for value in ["a", "bad", "b"]:
        odd.unreadable.objects.create(user=alice, value=value)
    events = client.get("/api/events/?stream=kind:unreadable").json()["events"]
    assert [event.get("value") for event in events] == ["b", None, "a"]


def test_a_thread_field_that_points_to_another_model_puts_no_event_into_a_thread(
    client: Client, alice: User, odd: SimpleNamespace
) -> None:
    status = StatusChange.objects.create(user=alice, text="good")
    user = User.objects.filter(pk=status.pk).first() or User.objects.create_user("user", pk=status.pk)
    astray = odd.astray.objects.create(user=alice, thread=user)
    assert astray.streams() == ["public", "user:alice", "kind:astray", f"thread:{astray.pk}"]
    snapshot = client.get(f"/api/events/?stream=thread:{status.pk}").json()
    assert [event["id"] for event in snapshot["events"]] == [status.pk]


@pytest.fixture
def failing_str(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: User) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(User, "__str__", fail)


@pytest.mark.usefixtures("failing_str")
def test_events_of_a_user_whose_str_fails_are_shown(client: Client, alice: User) -> None:
    Event.objects.create(user=alice)
    Deploy.objects.create(user=alice, service="web")
    StatusChange.objects.create(user=alice, text="good")
    events = client.get("/api/events/").json()["events"]
    assert [event["summary"] for event in events] == [
        "alice: good",
        "alice: deploy, service web, took , cost None, details {}",
        "alice: event",
        "alice has joined",
    ]
    assert client.get("/").status_code == 200
