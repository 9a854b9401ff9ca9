"""Following: one event for each follow, a change of access, and no more than one can follow."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client

from feed.log import Change
from feed.models import Event
from feed.streams import audiences_of
from profiles import following, models
from profiles.following import follow, unfollow
from profiles.models import Follow, TooManyFollowed
from tests.conftest import logged_in
from tests.feed.recorded import changes, forget_changes
from tests.support.api import Program, refusal

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_following_twice_is_one_event(alice: User, bob: User) -> None:
    assert follow(bob, alice) == follow(bob, alice)
    event = Event.objects.get(kind="follow")
    assert str(event) == "bob follows alice"
    assert [*following.followers(alice)] == [bob]
    assert [*following.following(bob)] == [alice]


@pytest.mark.django_db(transaction=True)
def test_following_twice_at_once_is_one_event(alice: User, bob: User) -> None:
    def follow_and_close(_: int) -> None:
        follow(bob, alice)
        connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(follow_and_close, range(8)))
    assert Follow.rows.count() == 1
    assert Change.objects.filter(kind="follow").count() == 1


def test_unfollowing_deletes_the_event(alice: User, bob: User) -> None:
    event = follow(bob, alice)
    forget_changes()
    unfollow(bob, alice)
    unfollow(bob, alice)
    assert ("deleted", event.pk) in [(action, key) for action, key, _ in changes()]
    assert not Follow.rows.exists()


def test_nobody_follows_themselves(alice: User, as_alice: Client) -> None:
    with pytest.raises(ValidationError):
        follow(alice, alice)
    assert as_alice.post("/people/alice/follow/").status_code == 422
    assert not Follow.rows.exists()


def test_one_can_follow_so_many_only(alice: User, bob: User, carol: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "MAX_FOLLOWED", 1)
    follow(bob, alice)
    follow(bob, alice)
    with pytest.raises(TooManyFollowed):
        follow(bob, carol)
    response = logged_in(bob).post("/people/carol/follow/")
    assert response.status_code == 422
    assert "Nobody can follow more" in response.content.decode()


def test_neither_the_api_nor_the_admin_lets_bob_follow_more(
    alice: User, bob: User, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "MAX_FOLLOWED", 1)
    event, body = follow(bob, alice), {"kind": "follow", "followed": carol.pk}
    assert refusal(Program(bob).post(body)) == (403, "not_postable")
    assert refusal(Program(bob).patch(event.pk, {"followed": carol.pk})) == (403, "not_editable")
    admin = logged_in(User.objects.create_superuser("admin"))
    response = admin.post("/admin/profiles/follow/add/", {"user": bob.pk, "audience": "public", "followed": carol.pk})
    assert "Nobody can follow more" in response.content.decode()
    assert Follow.rows.count() == 1


def followed_by_save(bob: User, alice: User) -> None:
    Follow(user=bob, followed=alice).save()


def followed_by_bulk(bob: User, alice: User) -> None:
    Follow.objects.bulk_create([Follow(user=bob, followed=alice)])


@pytest.mark.parametrize("way", [follow, followed_by_save, followed_by_bulk])
def test_following_is_a_change_of_access(alice: User, bob: User, way: Callable[[User, User], None]) -> None:
    forget_changes()
    way(bob, alice)
    accessed = Change.objects.filter(action="access")
    assert [change.streams for change in accessed] == [[str(bob.pk)]]
    assert "followers:alice" in audiences_of(bob)


def unfollowed_by_delete(bob: User, alice: User) -> None:
    Follow.objects.get().delete()


def unfollowed_by_query(bob: User, alice: User) -> None:
    Follow.objects.all().delete()


def unfollowed_as_events(bob: User, alice: User) -> None:
    Event.rows.filter(kind="follow").delete()


def unfollowed_by_deleting_alice(bob: User, alice: User) -> None:
    alice.delete()


def unfollowed_by_deleting_bob(bob: User, alice: User) -> None:
    User.objects.filter(pk=bob.pk).delete()


def unfollowed_in_the_admin(bob: User, alice: User) -> None:
    admin = logged_in(User.objects.create_superuser("admin"))
    forget_changes()
    path = f"/admin/profiles/follow/{Follow.rows.get().pk}/delete/"
    assert admin.post(path, {"post": "yes"}).status_code == 302


@pytest.mark.parametrize(
    "way",
    [
        unfollow,
        unfollowed_by_delete,
        unfollowed_by_query,
        unfollowed_as_events,
        unfollowed_by_deleting_alice,
        unfollowed_by_deleting_bob,
        unfollowed_in_the_admin,
    ],
)
def test_unfollowing_is_a_change_of_access(alice: User, bob: User, way: Callable[[User, User], None]) -> None:
    follow(bob, alice)
    forget_changes()
    key = str(bob.pk)
    way(bob, alice)
    assert [key] in [change.streams for change in Change.objects.filter(action="access")]
    assert not Follow.rows.exists()
    deleted = [change for change in Change.objects.filter(action="deleted") if change.kind == "follow"]
    assert len(deleted) == 1


def test_a_follow_cant_be_given_to_another_user(alice: User, bob: User, carol: User) -> None:
    event = follow(bob, alice)
    event.user = carol
    with pytest.raises(ValueError, match="another user"):
        event.save()


def given_by_update(event: Follow, carol: User) -> None:
    Follow.objects.update(user=carol)


def given_among_all_events(event: Follow, carol: User) -> None:
    Event.rows.filter(pk=event.pk).update(user=carol)


def hidden_by_update(event: Follow, carol: User) -> None:
    Follow.objects.update(audience="only:bob")


def hidden_among_all_events(event: Follow, carol: User) -> None:
    Event.objects.filter(user__username="bob").update(audience="only:bob")


@pytest.mark.parametrize("way", [given_by_update, given_among_all_events, hidden_by_update, hidden_among_all_events])
def test_no_update_of_many_hides_a_follow_or_gives_it_away(
    alice: User, bob: User, carol: User, way: Callable[[Follow, User], None]
) -> None:
    event = follow(bob, alice)
    with pytest.raises(ValueError, match="A follow"):
        way(event, carol)
    event.refresh_from_db()
    assert (event.user, event.follower, event.audience) == (bob, bob, "public")


def moved_by_update(event: Follow, carol: User) -> None:
    Follow.objects.update(user=carol, follower=carol)


def moved_by_save(event: Follow, carol: User) -> None:
    event.user = event.follower = carol
    event.save()


@pytest.mark.parametrize("way", [moved_by_update, moved_by_save])
def test_whoever_loses_access_to_another_is_told(
    alice: User, bob: User, carol: User, way: Callable[[Follow, User], None]
) -> None:
    event = follow(bob, alice)
    forget_changes()
    way(event, carol)
    accessed = Change.objects.filter(action="access")
    assert [change.streams for change in accessed] == [sorted([str(bob.pk), str(carol.pk)])]
    assert "followers:alice" not in audiences_of(bob)
