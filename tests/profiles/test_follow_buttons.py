"""The buttons and lists of following."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import Settings

from feed.models import StatusChange
from profiles import following
from profiles.following import follow
from profiles.models import Follow
from tests.conftest import logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.database]

HTMX = {"HX-Request": "true"}


def test_the_button_follows_and_unfollows(alice: User, as_bob: Client) -> None:
    page = as_bob.get("/people/alice/").content.decode()
    assert 'action="/people/alice/follow/"' in page
    response = as_bob.post("/people/alice/follow/", headers=HTMX)
    assert "/people/alice/unfollow/" in response.content.decode()
    assert "<strong>1</strong> follower<" in response.content.decode()
    response = as_bob.post("/people/alice/unfollow/", {"next": "/people/alice/followers/"})
    assert (response.status_code, response["Location"]) == (302, "/people/alice/followers/")
    assert not Follow.rows.exists()


def test_the_button_leads_to_no_other_site(alice: User, as_bob: Client) -> None:
    response = as_bob.post("/people/alice/follow/", {"next": "https://evil.example/"})
    assert response["Location"] == "/people/alice/"


def test_an_anonymous_visitor_is_asked_to_log_in(alice: User, client: Client) -> None:
    assert "/accounts/login/" in client.post("/people/alice/follow/")["Location"]
    assert "/people/alice/follow/" not in client.get("/people/alice/").content.decode()


def test_a_form_of_another_users_page_is_refused(alice: User, as_bob: Client) -> None:
    response = as_bob.post("/people/alice/follow/", {"as": str(alice.pk)}, headers=HTMX)
    assert response.status_code == 422
    assert "logged in as bob" in response.content.decode()


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [("nowhere", "nowhere"), ("//evil.example/", "/people/alice/"), ("javascript:alert(1)", "/people/alice/")],
)
def test_the_way_back_leads_to_this_site_and_breaks_nothing(
    alice: User, as_bob: Client, wanted: str, leads_to: str
) -> None:
    assert as_bob.post("/people/alice/follow/", {"next": wanted})["Location"] == leads_to


def test_a_follow_cannot_be_hidden_from_those_who_see_the_lists(alice: User, bob: User) -> None:
    with pytest.raises(ValueError, match="A follow is public"):
        Follow.objects.create(user=bob, followed=alice, audience="only:bob")
    with pytest.raises(ValidationError, match="A follow is public"):
        Follow(user=bob, followed=alice, audience="only:bob").full_clean()
    with pytest.raises(ValueError, match="A follow is public"):
        Follow.objects.bulk_create([Follow(user=bob, followed=alice, audience="only:bob")])
    assert not Follow.objects.exists()


def test_following_is_limited(alice: User, as_bob: Client, settings: Settings) -> None:
    settings.FEED_POST_LIMIT = "1/minute"
    assert as_bob.post("/people/alice/follow/", headers=HTMX).status_code == 200
    response = as_bob.post("/people/alice/unfollow/", headers=HTMX)
    assert response.status_code == 429
    assert "Retry-After" in response


def test_lists_show_who_follows_whom(alice: User, bob: User, client: Client) -> None:
    follow(bob, alice)
    assert "bob" in client.get("/people/alice/followers/").content.decode()
    assert "alice" in client.get("/people/bob/following/").content.decode()
    assert "Nobody follows bob yet." in client.get("/people/bob/followers/").content.decode()
    assert client.get("/people/nobody/followers/").status_code == 404
    assert client.get("/people/%00/followers/").status_code == 404


def test_a_list_takes_as_many_queries_for_many_as_for_one(
    alice: User, as_bob: Client, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(30):
        follow(User.objects.create_user(f"user{number}"), alice)
    with django_assert_max_num_queries(9):  # type: ignore[attr-defined]
        as_bob.get("/people/alice/followers/")


def test_alice_removes_a_follower(alice: User, as_alice: Client, bob: User) -> None:
    follow(bob, alice)
    assert "/people/bob/followers/remove/" in as_alice.get("/people/alice/followers/").content.decode()
    assert "/remove/" not in logged_in(bob).get("/people/alice/followers/").content.decode()
    assert as_alice.post("/people/bob/followers/remove/").status_code == 302
    assert not Follow.rows.exists()


def test_suggestions_are_people_who_did_something(alice: User, bob: User, carol: User) -> None:
    StatusChange.objects.create(user=carol, text="Hello")
    assert following.suggested(bob, 5) == [carol, alice]
    follow(bob, carol)
    assert following.suggested(bob, 5) == [alice]
