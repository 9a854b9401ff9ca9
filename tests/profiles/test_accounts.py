"""One's own account: the e-mail address, the data, and the end of it. Each only by its owner."""

import json
from io import BytesIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core import mail as sent
from django.db import connections
from django.test import Client
from django.test.client import AsyncClient

from feed.log import Change
from feed.models import Comment, Event, StatusChange
from profiles import export, mail, pictures
from profiles.models import Picture, UserProfile
from tests.profiles.people import PASSWORD
from tests.profiles.test_pictures import drawn, upload

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", "alice@rill.example", PASSWORD)


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", "bob@rill.example", PASSWORD)


def exported(client: Client) -> dict[str, Any]:
    response: Any = client.get("/profile/export/")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="rill-')
    return dict(json.loads(response.getvalue()))


def test_the_account_page_leads_everywhere(as_alice: Client) -> None:
    html = as_alice.get("/profile/").content.decode()
    for path in ("/profile/picture/", "/profile/email/", "/accounts/password/", "/profile/export/", "/profile/delete/"):
        assert f'"{path}"' in html
        assert as_alice.get(path).status_code == 200
    assert "alice@rill.example" in html


def test_a_new_address_needs_the_password_and_the_old_one_is_told(as_alice: Client, alice: User) -> None:
    for password, status in (("wrong", 422), ("", 422), (PASSWORD, 302)):
        form = {"email": "new@rill.example", "password": password}
        assert as_alice.post("/profile/email/", form).status_code == status
        alice.refresh_from_db()
        assert alice.email == ("new@rill.example" if status == 302 else "alice@rill.example")
    mail.wait()
    assert [message.to for message in sent.outbox] == [["alice@rill.example"]]
    assert as_alice.post("/profile/email/", {"email": "nonsense", "password": PASSWORD}).status_code == 422


def test_bob_cannot_change_alices_address(client: Client, alice: User, bob: User) -> None:
    client.force_login(bob)
    form = {"email": "evil@rill.example", "password": PASSWORD, "user": str(alice.pk), "username": "alice"}
    assert client.post("/profile/email/", form).status_code == 302
    assert client.post("/profile/email/", form | {"as": str(alice.pk)}).status_code == 422
    alice.refresh_from_db()
    assert alice.email == "alice@rill.example"


def test_the_export_has_everything_that_is_hers_and_nothing_else(as_alice: Client, alice: User, bob: User) -> None:
    UserProfile.objects.filter(user=alice).update(display_name="Alice Example", bio='I "like"\nrivers')
    upload(as_alice, drawn())
    post = StatusChange.objects.create(user=alice, text="Hello", audience="only:alice")
    Comment.objects.create(user=alice, thread=post, text="Mine")
    Comment.objects.create(user=bob, thread=StatusChange.objects.create(user=bob, text="Not hers"), text="Not hers")
    data = exported(as_alice)
    assert list(data) == ["account", "profile", "pictures", "muted", "tokens", "events"]
    assert (data["account"][0]["username"], data["account"][0]["email"]) == ("alice", "alice@rill.example")
    assert (data["profile"][0]["display_name"], data["profile"][0]["bio"]) == ("Alice Example", 'I "like"\nrivers')
    assert [each["size"] for each in data["pictures"]] == [256, 64]
    assert [event["kind"] for event in data["events"]] == ["welcome", "status_change", "comment"]
    assert (data["events"][1]["text"], data["events"][1]["audience"]) == ("Hello", "only:alice")
    assert data["events"][2]["thread"] == post.pk
    whole = json.dumps(data)
    assert "Not hers" not in whole
    assert alice.password not in whole


def test_many_events_are_exported_in_parts(as_alice: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PART", 3)
    for number in range(7):
        StatusChange.objects.create(user=alice, text=str(number))
    assert [event.get("text") for event in exported(as_alice)["events"]] == [None, *"0123456"]


@pytest.mark.django_db(transaction=True)
async def test_the_export_is_streamed_under_asgi(alice: User) -> None:
    await StatusChange.objects.acreate(user=alice, text="Hello")
    client = AsyncClient()
    await client.aforce_login(alice)
    response: Any = await client.get("/profile/export/")
    data = json.loads(b"".join([part async for part in response]))
    assert [event["kind"] for event in data["events"]] == ["welcome", "status_change"]
    await sync_to_async(connections.close_all)()  # that thread's own, which would hold up the end of the database


def test_the_end_of_an_account_needs_the_password(as_alice: Client, alice: User) -> None:
    assert "0 posts and 0 comments" in as_alice.get("/profile/delete/").content.decode()
    for password in ("wrong", ""):
        assert as_alice.post("/profile/delete/", {"password": password}).status_code == 422
    assert User.objects.get() == alice


def test_all_that_was_hers_goes_with_her_and_is_recorded(as_alice: Client, alice: User, bob: User) -> None:
    pictures.keep(alice, pictures.encoded(BytesIO(drawn())))
    post = StatusChange.objects.create(user=alice, text="Hello")
    reply = Comment.objects.create(user=bob, thread=post, text="Hi!")
    bobs = StatusChange.objects.create(user=bob, text="Mine")
    response = as_alice.post("/profile/delete/", {"password": PASSWORD}, follow=True)
    assert "Your account is deleted" in response.content.decode()
    assert "Log in" in response.content.decode()
    assert set(User.objects.all()) == {bob}
    assert not Picture.objects.exists()
    assert set(Event.rows.values_list("kind", flat=True)) == {"welcome", "status_change"}
    assert StatusChange.objects.get() == bobs
    gone = set(Change.objects.filter(action="deleted").values_list("event_id", flat=True))
    assert {post.pk, reply.pk} < gone
    assert Client().get("/people/alice/").status_code == 404


def test_alices_page_does_not_delete_bob_who_logged_in_since(client: Client, alice: User, bob: User) -> None:
    client.force_login(bob)
    refused = client.post("/profile/delete/", {"password": PASSWORD, "as": str(alice.pk)})
    assert refused.status_code == 422
    assert User.objects.count() == 2
