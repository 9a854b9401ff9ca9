"""Events without a user, which the system itself has made."""

from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.test import Client

from feed import idempotency, log
from feed.frames.rows import render_row, render_rows
from feed.kinds import compiled
from feed.kinds.naming import simplest_text
from feed.models import Comment, Event, StatusChange
from feed.people import shown_name
from tests.feed.recorded import changes, forget_changes
from tests.feed.sockets import connect
from tests.support.kinds import Deploy
from tests.support.markup import elements

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def restarted(db: None) -> StatusChange:
    """A status of nobody."""
    status: StatusChange = StatusChange.objects.create(text="Restarted")
    return status


def test_it_is_named_after_the_system(restarted: StatusChange, alice: User) -> None:
    assert str(restarted) == simplest_text(restarted).replace("status change", "Restarted") == "System: Restarted"
    assert str(Deploy.objects.create(service="web")).startswith("System: deploy, service web")
    assert str(Comment.objects.create(thread=restarted, text="Done")) == f"System on #{restarted.pk}: Done"
    assert (shown_name(None), shown_name(alice)) == ("System", "alice")


def test_it_is_in_no_stream_of_a_user(restarted: StatusChange) -> None:
    assert restarted.streams() == ["public", "kind:status_change", f"thread:{restarted.pk}"]


@pytest.mark.parametrize("path", ["/api/events/", "/api/events/?stream=kind:status_change"])
def test_its_user_is_null_in_the_api(client: Client, restarted: StatusChange, path: str) -> None:
    (event,) = client.get(path).json()["events"]
    assert (event["id"], event["user"], event["summary"]) == (restarted.pk, None, "System: Restarted")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("closed_hub")
async def test_its_user_is_null_on_the_socket(restarted: StatusChange) -> None:
    async with connect("?after=0") as watcher:
        (change,) = (await watcher.frame())["changes"]
        assert (change["event"]["user"], change["event"]["text"]) == (None, "Restarted")
        await database_sync_to_async(restarted.delete)()
        (change,) = (await watcher.frame())["changes"]
        assert change["action"] == "deleted"


def test_its_row_shows_a_name_without_a_link_and_an_avatar(restarted: StatusChange) -> None:
    row = elements(render_row(restarted))
    (avatar,) = (each for each in row if "avatar" in each.attributes.get("class", ""))
    (name,) = (each for each in row if each.attributes.get("class") == "name")
    assert (avatar.tag, avatar.attributes["class"], avatar.text) == ("a", "avatar nobody", "S")
    assert (name.tag, name.text) == ("a", "System")
    assert "href" not in avatar.attributes | name.attributes
    assert row[0].attributes["data-user"] == ""


def test_its_row_is_cached(restarted: StatusChange, django_assert_num_queries: Any) -> None:
    root = Event.rows.with_users().get(pk=restarted.pk)
    first = render_rows([root])
    with django_assert_num_queries(0):
        assert render_rows([root]) == first


def test_its_pages_are_shown_to_everybody_and_offer_nobody_to_change_it(
    client: Client, as_alice: Client, restarted: StatusChange
) -> None:
    for visitor in (client, as_alice):
        assert "Restarted" in visitor.get("/").content.decode()
        html = visitor.get(f"/events/{restarted.pk}/").content.decode()
        assert "Restarted" in html
        assert "This is yours" not in html


@pytest.mark.parametrize("action", ["edit", "delete"])
def test_nobody_can_change_it_on_the_pages(as_alice: Client, restarted: StatusChange, action: str) -> None:
    for send in (as_alice.get, as_alice.post):
        assert send(f"/events/{restarted.pk}/{action}/", {"text": "Mine"}).status_code == 403
    restarted.refresh_from_db()
    assert restarted.text == "Restarted"


def test_alice_comments_on_it(as_alice: Client, restarted: StatusChange) -> None:
    response = as_alice.post(f"/events/{restarted.pk}/comments/", {"text": "Thanks", "key": "k1"})
    assert response.headers["Location"] == f"/events/{restarted.pk}/"
    comment = Comment.objects.get()
    assert (comment.thread_id, comment.text) == (restarted.pk, "Thanks")
    assert "Thanks" in as_alice.get(f"/events/{restarted.pk}/").content.decode()


def test_the_admin_lists_adds_changes_and_deletes_it(admin_client: Client, restarted: StatusChange) -> None:
    for path in ("event/", "statuschange/", "statuschange/?q=alice", f"statuschange/{restarted.pk}/change/"):
        assert admin_client.get(f"/admin/feed/{path}").status_code == 200, path
    assert "System: Restarted" in admin_client.get("/admin/feed/event/").content.decode()
    added = {"user": "", "text": "Added", "audience": "public"}
    assert admin_client.post("/admin/feed/statuschange/add/", added).status_code == 302
    event = StatusChange.objects.newest()[0]
    assert (event.user, event.text) == (None, "Added")
    form = {"action": "delete_selected", "_selected_action": [str(restarted.pk), str(event.pk)], "post": "yes"}
    assert admin_client.post("/admin/feed/event/", form).status_code == 302
    assert not StatusChange.objects.exists()


def test_its_deletion_is_recorded(restarted: StatusChange) -> None:
    key = restarted.pk
    forget_changes()
    StatusChange.objects.filter(user=None).delete()
    assert changes() == [("deleted", key, "status_change")]


def test_it_outlives_every_user(restarted: StatusChange, alice: User) -> None:
    alice.delete()
    assert [event.pk for event in Event.objects.all()] == [restarted.pk]


def test_it_is_read_by_the_hub_in_one_query(restarted: StatusChange, django_assert_num_queries: Any) -> None:
    log.number()
    compiled.compiled(StatusChange)
    with django_assert_num_queries(1):
        (event,) = compiled.read(StatusChange, [restarted.pk], "default")
        assert (event.user, event.text) == (None, "Restarted")


def test_it_cannot_have_an_idempotency_key() -> None:
    event = StatusChange(text="Twice?")
    for ask in (idempotency.is_repeated, idempotency.save):
        with pytest.raises(ValueError, match="without a user can't have an idempotency key"):
            ask(event, "k1")
    assert idempotency.save(event, "").event_id == event.pk
