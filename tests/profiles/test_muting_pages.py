"""The pages on which people and threads are muted."""

import html
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.models import Comment, StatusChange
from profiles.mute import Mute
from profiles.muting import mute, muted
from tests.feed.test_views import HTMX

pytestmark = pytest.mark.django_db


def test_bob_mutes_and_unmutes_without_scripts(alice: User, bob: User, as_bob: Client, hello: StatusChange) -> None:
    choices = as_bob.get(f"/events/{hello.pk}/more/").content.decode()
    assert "Mute alice" in choices
    assert "Mute this thread" in choices
    response = as_bob.post("/people/alice/mute/", {"next": "/people/alice/"})
    assert response.headers["Location"] == "/people/alice/"
    assert "Unmute alice" in as_bob.get("/people/alice/").content.decode()
    assert as_bob.post(f"/events/{hello.pk}/mute/").headers["Location"] == "/profile/muted/"
    choices = as_bob.get(f"/events/{hello.pk}/more/").content.decode()
    assert "Unmute alice" in choices
    assert "Unmute this thread" in choices
    shown = as_bob.get("/profile/muted/").content.decode()
    assert "alice" in shown
    assert "Hello" in shown
    as_bob.post("/people/alice/unmute/")
    as_bob.post(f"/events/{hello.pk}/unmute/")
    assert not muted(bob)


def test_a_comment_leads_to_its_thread(alice: User, bob: User, as_bob: Client, hello: StatusChange) -> None:
    comment = Comment.objects.create(user=alice, thread=hello, text="Hi!")
    assert f"/events/{hello.pk}/mute/" in as_bob.get(f"/events/{comment.pk}/more/").content.decode()
    as_bob.post(f"/events/{comment.pk}/mute/")
    assert muted(bob).threads == {hello.pk}


def test_the_menu_stays_with_the_way_back(alice: User, as_bob: Client, hello: StatusChange) -> None:
    answer = as_bob.post("/people/alice/mute/", {"event": hello.pk}, headers=HTMX).content.decode()
    assert "alice is muted." in answer
    assert "Unmute alice" in answer
    assert 'id="bell"' in answer
    answer = as_bob.post("/people/alice/unmute/", {"next": "/"}, headers=HTMX).content.decode()
    assert 'aria-label="Mute alice"' in answer


def test_bob_can_not_mute_what_he_may_not_see(alice: User, bob: User, as_bob: Client) -> None:
    secret = StatusChange.objects.create(user=alice, text="Secret", audience="only:alice")
    assert as_bob.get(f"/events/{secret.pk}/more/").status_code == 404
    assert as_bob.post(f"/events/{secret.pk}/mute/").status_code == 404
    answer = as_bob.post("/people/alice/mute/", {"event": secret.pk}, headers=HTMX).content.decode()
    assert "Secret" not in answer
    assert muted(bob).threads == frozenset()


def test_a_thread_that_got_out_of_sight_is_not_shown_and_can_be_unmuted(
    alice: User, bob: User, as_bob: Client, hello: StatusChange
) -> None:
    mute(bob, thread=hello)
    hide(hello)
    shown = as_bob.get("/profile/muted/").content.decode()
    assert "Hello" not in shown
    assert "1 that you can" in html.unescape(shown)
    as_bob.post("/profile/muted/unseen/")
    assert not muted(bob)


def test_an_outsider_mutes_nothing(client: Client, alice: User, hello: StatusChange) -> None:
    paths = ["/people/alice/mute/", "/people/alice/unmute/", f"/events/{hello.pk}/mute/", "/profile/muted/unseen/"]
    for path in paths:
        assert "login" in client.post(path).headers["Location"]
    assert "login" in client.get("/profile/muted/").headers["Location"]
    assert not Mute.objects.exists()
    assert "Mute" not in client.get("/people/alice/").content.decode()
    assert "Log in to mute" in client.get(f"/events/{hello.pk}/more/").content.decode()


def hide(hello: StatusChange) -> None:
    """Alice alone sees it from now on."""
    hello.audience = "only:alice"
    hello.save()


def test_on_the_page_of_another_user_nothing_is_muted(
    alice: User, bob: User, as_bob: Client, hello: StatusChange
) -> None:
    answer = as_bob.post("/people/alice/mute/", {"as": str(alice.pk)})
    assert answer.status_code == 422
    assert not muted(bob)
    mute(bob, thread=hello)
    hide(hello)
    as_bob.post("/profile/muted/unseen/", {"as": str(alice.pk)})
    assert muted(bob)


def test_muting_is_limited(alice: User, as_bob: Client, settings: Any) -> None:
    settings.FEED_POST_LIMIT = "2/hour"
    statuses = [as_bob.post(f"/people/alice/{way}/").status_code for way in ("mute", "unmute", "mute")]
    assert statuses == [302, 302, 429]


def test_the_way_back_may_be_one_word(alice: User, as_bob: Client) -> None:
    assert as_bob.post("/people/alice/mute/", {"next": "nowhere"})["Location"] == "nowhere"
    assert as_bob.post("/people/alice/mute/", {"next": "//evil.example/"})["Location"] == "/profile/muted/"
