"""Kinds with `select_related`: what their rows show is loaded together with them, and never stale."""

from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Permission, User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from feed import log
from feed.checks import related_names_lead_to_objects
from feed.frames import encoding
from feed.kinds import compiled, loading
from feed.kinds.related import related_names
from feed.models import Event, StatusChange
from tests.feed.frames.test_row_cache import use_templates
from tests.feed.sockets import connect
from tests.support.kinds import Grant
from tests.support.odd_kinds import new_kind, tables, using_kinds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def permission(settings: Settings, tmp_path: Path) -> Permission:
    """A permission whose name each row of a grant shows."""
    row = "<article>{{ event.permission.name }} {{ event.permission.content_type.model }}</article>"
    use_templates(settings, tmp_path, "grant", row)
    permission: Permission = Permission.objects.get(codename="view_user")
    return permission


def grant(user: User, count: int) -> None:
    for permission in list(Permission.objects.order_by("pk")[:count]):
        Grant.objects.create(user=user, permission=permission)


def queries_of(work: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


@pytest.mark.parametrize("path", ["/", "/api/events/?stream=kind:grant", "/admin/feed/grant/"])
def test_a_page_takes_as_many_queries_for_fifty_events_as_for_two(
    admin_client: Client, alice: User, permission: Permission, path: str
) -> None:
    def load() -> None:
        assert admin_client.get(path).status_code == 200

    assert Permission.objects.count() >= 50
    grant(alice, 2)
    load()  # which may fill caches that are not of the events
    few = queries_of(load)
    grant(alice, 50)
    assert queries_of(load) <= few  # fewer without the row of those who have joined


def test_the_hub_takes_as_many_queries_for_fifty_events_as_for_two(alice: User, permission: Permission) -> None:
    def encode_after(position: int) -> None:
        for entry in encoding.load(log.read(position, log.number().head)):
            encoding.encode(entry, ["json", "html"])
            assert entry.is_whole

    before = log.number().head
    grant(alice, 2)
    few = queries_of(lambda: encode_after(before))
    before = log.number().head
    grant(alice, 50)
    assert queries_of(lambda: encode_after(before)) == few


async def test_a_watcher_sees_what_is_loaded_with_the_event(alice: User, closed_hub: None) -> None:
    async with connect() as watcher:
        await watcher.frame()
        await database_sync_to_async(grant)(alice, 1)
        (change,) = (await watcher.frame())["changes"]
    assert change["event"]["summary"].startswith("alice: may ")


def test_a_row_is_not_stale_when_what_it_shows_changes(client: Client, alice: User, permission: Permission) -> None:
    Grant.objects.create(user=alice, permission=permission)
    assert "Can view user user" in client.get("/").content.decode()
    Permission.objects.filter(pk=permission.pk).update(name="May look at users")
    assert "May look at users user" in client.get("/").content.decode()


def test_a_kind_with_related_objects_leaves_the_others_their_fast_path(alice: User, permission: Permission) -> None:
    event = Grant.objects.create(user=alice, permission=permission)
    (found,) = loading.of_kinds([("grant", event.pk)]).values()
    with CaptureQueriesContext(connection) as queries:
        assert str(found) == f"alice: may {permission}"
    assert not queries.captured_queries
    assert compiled.compiled(Grant) is None
    assert compiled.compiling.is_on
    assert compiled.compiled(StatusChange)


WRONG = ("thread", "approved_by__nothing", "text", "created_at", "feed_events", "approved_by__groups", "", "user__")


def test_a_wrong_name_is_an_error_and_does_not_break_the_feed(client: Client, alice: User) -> None:
    bob = User.objects.create_user("bob")
    fields: dict[str, Any] = {
        "text": models.CharField(max_length=10),
        "approved_by": models.ForeignKey(User, models.CASCADE, related_name="+"),
    }
    kind = new_kind("Endorsed", select_related=("approved_by", *WRONG), **fields)
    with using_kinds(kind), tables(kind):
        errors = related_names_lead_to_objects(None)
        event = kind.objects.create(user=alice, text="Well done", approved_by=bob)
        (found,) = loading.of_kinds([("endorsed", event.pk)]).values()
        assert found.text == "Well done"
        assert b"Well done" in client.get("/").content
        assert [each.text for each in kind.objects.with_users()] == ["Well done"]
    assert [(error.id, error.obj) for error in errors] == [("feed.E012", kind)] * len(WRONG)
    assert related_names(kind) == ("approved_by",)


@pytest.mark.parametrize("names", [None, True, 7, "nothing", ["nothing"]])
def test_what_is_no_tuple_of_names_is_an_error(names: object) -> None:
    kind = new_kind("Confused", select_related=names)
    with using_kinds(kind):
        (error,) = related_names_lead_to_objects(None)
    assert (error.id, related_names(kind)) == ("feed.E012", ())


def test_one_name_may_stand_without_a_tuple() -> None:
    kind = new_kind("Single", select_related="user")
    with using_kinds(kind):
        assert related_names_lead_to_objects(None) == []
    assert related_names(kind) == ("user",)


def test_the_kinds_of_the_project_pass() -> None:
    assert related_names_lead_to_objects(None) == []
    assert related_names(Event) == ()
