"""Signing up, logging out, and the pages of people."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.models import StatusChange
from profiles.models import UserProfile
from tests.profiles.people import sign_up

pytestmark = pytest.mark.django_db


def test_signing_up_logs_in(client: Client) -> None:
    assert sign_up(client, "alice").status_code == 302
    assert 'data-user="alice"' in client.get("/").content.decode()


def test_passwords_that_differ_or_are_weak_are_refused(client: Client) -> None:
    assert sign_up(client, "alice", password2="something else").status_code == 422
    assert sign_up(client, "alice", password1="12345678", password2="12345678").status_code == 422
    assert User.objects.count() == 0


def test_logout_needs_a_post_request(as_alice: Client) -> None:
    assert as_alice.get("/accounts/logout/").status_code == 405
    assert as_alice.post("/accounts/logout/").status_code == 302
    assert 'type="module" data-user' not in as_alice.get("/").content.decode()


def test_a_persons_page_shows_only_their_events(client: Client, alice: User) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    StatusChange.objects.create(user=User.objects.create_user("bob"), text="Not hers")
    html = client.get("/people/alice/").content.decode()
    assert "Hello" in html
    assert "Not hers" not in html
    assert "stream=user%3Aalice" in html


@pytest.mark.database
@pytest.mark.parametrize("name", ["nobody", "%00", "x" * 200, "../profile"])
def test_an_unknown_person_has_no_page(client: Client, name: str) -> None:
    assert client.get(f"/people/{name}/").status_code == 404


def test_a_user_without_a_profile_has_a_page(client: Client, alice: User) -> None:
    UserProfile.objects.all().delete()
    assert client.get("/people/alice/").status_code == 200
    client.force_login(alice)
    assert client.post("/profile/", {"website": "", "bio": "Here I am."}).status_code == 302
    assert UserProfile.objects.get().bio == "Here I am."


def test_alice_edits_her_own_profile(as_alice: Client, alice: User) -> None:
    response = as_alice.post("/profile/", {"website": "https://rivers.example/", "bio": "I like rivers."})
    assert response.headers["Location"] == "/people/alice/"
    html = as_alice.get("/people/alice/").content.decode()
    assert 'href="https://rivers.example/"' in html
    assert "I like rivers." in html


@pytest.mark.parametrize("website", ["javascript:alert(1)", "data:text/html,x", "nonsense", "ftp://files.example/"])
def test_a_website_must_be_an_http_url(as_alice: Client, alice: User, website: str) -> None:
    response = as_alice.post("/profile/", {"website": website, "bio": ""})
    assert response.status_code == 422
    assert response.content.decode().count("Enter a valid URL.") == 1
    UserProfile.objects.filter(user=alice).update(website=website)
    assert f'href="{website}' not in as_alice.get("/people/alice/").content.decode()


def test_the_length_of_a_biography_is_limited(as_alice: Client) -> None:
    assert as_alice.post("/profile/", {"website": "", "bio": "x" * 501}).status_code == 422
