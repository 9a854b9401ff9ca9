"""The audience of somebody's followers: who sees it, who posts to it, and what it is called."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed import publish
from feed.log import Change
from feed.models import Comment, Event, StatusChange
from feed.streams import audiences_to_post, choices_for, label
from feed.testing.kit import FeedKit
from profiles.following import follow, unfollow
from tests.conftest import logged_in
from tests.feed.recorded import forget_changes

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_only_followers_see_what_is_for_followers(alice: User, bob: User, carol: User, feed_kit: FeedKit) -> None:
    follow(bob, alice)
    event = StatusChange.objects.create(user=alice, text="For you", audience="followers:alice")
    feed_kit.assert_sees(alice, event)
    feed_kit.assert_sees(bob, event)
    feed_kit.assert_not_sees(carol, event)
    feed_kit.assert_not_sees(None, event)
    unfollow(bob, alice)
    later = StatusChange.objects.create(user=alice, text="Later", audience="followers:alice")
    feed_kit.assert_not_sees(bob, later)


def test_only_alice_posts_to_her_followers(alice: User, as_alice: Client, bob: User) -> None:
    follow(bob, alice)
    assert "followers:alice" not in audiences_to_post(bob)
    response = logged_in(bob).post("/events/", {"text": "Mine", "audience": "followers:alice"})
    assert response.status_code == 422
    assert "followers:alice" not in [value for value, _ in choices_for(bob)]
    as_alice.post("/events/", {"text": "Hello", "audience": "followers:alice"})
    event = StatusChange.objects.get()
    assert event.audience == "followers:alice"
    logged_in(bob).post(f"/events/{event.pk}/comments/", {"text": "Hi"})
    assert Comment.objects.get().audience == "followers:alice"


def test_the_audience_has_a_name_for_its_owner_and_one_for_others(alice: User) -> None:
    assert ("followers:alice", "Your followers") in choices_for(alice)
    assert label("followers:alice") == "alice's followers"


def test_another_audience_keeps_its_name_in_a_form(alice: User, bob: User) -> None:
    follow(bob, alice)
    event = StatusChange.objects.create(user=bob, text="Hello", audience="followers:alice")
    assert "alice&#x27;s followers" in logged_in(bob).get(f"/events/{event.pk}/edit/").content.decode()


def test_followers_follow_a_new_name(alice: User, bob: User) -> None:
    follow(bob, alice)
    event = StatusChange.objects.create(user=alice, text="Hello", audience="followers:alice")
    forget_changes()
    alice.username = "anna"
    alice.save()
    told = {key for change in Change.objects.filter(action="access") for key in change.streams}
    assert told == {str(alice.pk), str(bob.pk)}
    assert Event.objects.visible_to(bob).filter(pk=event.pk).exists()
    new_alice = User.objects.create_user("alice")
    assert not Event.objects.visible_to(new_alice).filter(pk=event.pk).exists()


def test_what_was_for_the_followers_of_a_deleted_user_is_deleted(alice: User) -> None:
    publish("sale", audience="followers:alice")
    alice.delete()
    assert not Event.rows.exists()
