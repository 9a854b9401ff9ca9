"""Who may change an event: alice owns it, bob is logged in, and charlie is not."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.frames.describe import describe
from feed.models import Comment, Event, StatusChange

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def state() -> list[dict[str, Any]]:
    """All events with their public fields."""
    return [describe(event) for event in Event.objects.order_by("pk")]


@pytest.mark.parametrize("action", ["edit", "delete"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_bob_can_neither_edit_nor_delete_alices_events(
    as_bob: Client, hello: StatusChange, action: str, headers: dict[str, str]
) -> None:
    comment = Comment.objects.create(user=hello.user, thread=StatusChange.objects.create(user=bob(), text="Bob's"))
    before = state()
    for event in (hello, comment, Event.objects.get(user=hello.user, kind="welcome")):
        path = f"/events/{event.pk}/{action}/"
        assert as_bob.get(path, headers=headers).status_code == 403
        assert as_bob.post(path, {"text": "Mine", "user": bob().pk}, headers=headers).status_code == 403
    assert state() == before


def bob() -> User:
    return User.objects.get(username="bob")


@pytest.mark.parametrize(
    "path", ["/events/", "/events/{}/comments/", "/events/{}/edit/", "/events/{}/delete/", "/profile/"]
)
def test_charlie_is_redirected_to_the_login(client: Client, hello: StatusChange, path: str) -> None:
    before, path = state(), path.format(hello.pk)
    response = client.post(path, {"text": "Nobody's"})
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/?next=/")
    assert client.post(path, {"text": "Nobody's"}, headers=HTMX).headers["HX-Redirect"].startswith("/accounts/login/")
    assert state() == before


def test_alice_cannot_change_anything_after_her_account_is_deactivated(as_alice: Client, hello: StatusChange) -> None:
    User.objects.update(is_active=False)
    before = state()
    for path in ("/events/", f"/events/{hello.pk}/edit/", f"/events/{hello.pk}/delete/"):
        assert as_alice.post(path, {"text": "Again"}).headers["Location"].startswith("/accounts/login/")
    assert state() == before


def test_no_header_overrides_the_method(as_bob: Client, hello: StatusChange) -> None:
    before = state()
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        as_bob.get(f"/events/{hello.pk}/delete/", headers={name: "POST"})
        as_bob.post("/api/events/", {"_method": "DELETE"}, headers={name: "DELETE"})
    assert state() == before


def test_forged_fields_of_a_post_are_ignored(as_bob: Client, alice: User, hello: StatusChange) -> None:
    forged = {"text": "Hi!", "user": alice.pk, "user_id": alice.pk, "kind": "welcome", "id": hello.pk, "pk": hello.pk}
    forged |= {"thread": 1, "thread_id": 1, "created_at": "2000-01-01", "edited_at": "2000-01-01"}
    for path in ("/events/", f"/events/{hello.pk}/comments/"):
        assert as_bob.post(path, forged).status_code == 302
    status, comment = StatusChange.objects.get(user=bob()), Comment.objects.get()
    assert (status.kind, status.created_at.year, status.edited_at) == ("status_change", hello.created_at.year, None)
    assert (comment.user, comment.thread_id, comment.kind) == (bob(), hello.pk, "comment")
    assert as_bob.post(f"/events/{status.pk}/edit/", forged | {"text": "Hi, all!"}).status_code == 302
    edited = StatusChange.objects.get(pk=status.pk)
    assert (edited.text, edited.user, edited.kind, edited.created_at) == (
        "Hi, all!",
        bob(),
        "status_change",
        status.created_at,
    )
    hello.refresh_from_db()
    assert (hello.text, hello.user) == ("Hello", alice)
