"""Changes and deletions of many events by one query or relation: each event is recorded."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction

from feed.models import Comment, Event, StatusChange
from tests.feed.recorded import KINDS, changes, every_kind, forget_changes
from tests.support.kinds import Slogan, Temperature

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.database,
    pytest.mark.usefixtures("empty_log"),
]


@every_kind
def test_deleting_by_query_records_one_change_for_each_event(
    alice: User, kind: type[Event], fields: dict[str, Any], name: str
) -> None:
    pks = [kind.objects.create(user=alice, **fields).pk for _ in range(3)]
    forget_changes()
    kind.objects.filter(pk__in=pks).delete()
    assert sorted(changes()) == [("deleted", pk, name) for pk in pks]


def test_deleting_many_kinds_by_one_query_records_each_event(alice: User) -> None:
    for kind, fields, _ in KINDS:
        kind.objects.create(user=alice, **fields)
    forget_changes()
    Event.objects.filter(user=alice).delete()
    assert Event.objects.count() == 0
    assert len(changes()) == len(KINDS) + 1  # and alice's welcome


def test_an_update_by_query_records_each_event_and_rings_once(alice: User, rings: list[tuple[int, str]]) -> None:
    pks = [StatusChange.objects.create(user=alice, text=text).pk for text in "abc"]
    forget_changes()
    rings.clear()
    assert StatusChange.objects.filter(text__in="abc").update(text="d") == 3
    assert sorted(changes()) == [("updated", pk, "status_change") for pk in pks]
    assert len(rings) == 1
    assert all(status.edited_at for status in StatusChange.objects.all())


def test_an_update_of_many_kinds_records_each_event_as_its_own_kind(alice: User) -> None:
    StatusChange.objects.create(user=alice, text="a")
    Temperature.objects.create(user=alice, value=1)
    forget_changes()
    bob = User.objects.create_user("bob")
    forget_changes()
    assert Event.objects.filter(user=alice).update(user=bob) == 3
    assert sorted(kind for _, _, kind in changes()) == ["status_change", "temperature", "welcome"]


def test_an_update_of_distinct_rows_is_recorded_once(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="a")
    Comment.objects.create(user=alice, thread=status, text="1")
    Comment.objects.create(user=alice, thread=status, text="2")
    forget_changes()
    assert StatusChange.objects.filter(comments__text__in="12").distinct().update(text="b") == 1
    assert changes() == [("updated", status.pk, "status_change")]


def test_changes_through_a_relation_are_recorded(alice: User) -> None:
    bob = User.objects.create_user("bob")
    status = StatusChange.objects.create(user=alice, text="a")
    other = StatusChange.objects.create(user=alice, text="b")
    comment = Comment.objects.create(user=alice, thread=status, text="about a")
    forget_changes()
    bob.feed_events.add(status)
    other.comments.add(comment)
    assert changes() == [("updated", status.pk, "status_change"), ("updated", comment.pk, "comment")]
    assert Comment.objects.get().thread_id == other.pk


def test_a_foreign_key_that_a_deletion_sets_to_null_is_recorded(alice: User) -> None:
    bob = User.objects.create_user("bob")
    slogan = Slogan.objects.create(user=alice, text="a", approved_by=bob)
    forget_changes()
    bob.delete()
    assert ("updated", slogan.pk, "slogan") in changes()
    assert Slogan.objects.get().approved_by is None


def save_each(pks: list[int]) -> None:
    for pk in reversed(pks):
        status = StatusChange.objects.get(pk=pk)
        status.save(force_update=True)


def update_all(pks: list[int]) -> None:
    StatusChange.objects.all().update(text="updated")


def lock_and_edit_each(pks: list[int]) -> None:
    for pk in pks:
        with transaction.atomic():
            Event.objects.select_for_update(of=("self",)).get(pk=pk).save()


@pytest.mark.postgresql
def test_concurrent_writers_of_the_same_events_do_not_deadlock(alice: User) -> None:
    pks = [StatusChange.objects.create(user=alice, text=str(number)).pk for number in range(20)]

    def write(way: Callable[[list[int]], None]) -> None:
        try:
            for _ in range(10):
                way(pks)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(write, way) for way in (save_each, update_all, lock_and_edit_each)]:
            done.result(60)


def test_bulk_update_is_recorded(alice: User) -> None:
    statuses = [StatusChange.objects.create(user=alice, text=text) for text in "abc"]
    forget_changes()
    for status in statuses:
        status.text += "!"
    StatusChange.objects.bulk_update(statuses, ["text"])
    assert len(changes()) == 3
    assert sorted(StatusChange.objects.values_list("text", flat=True)) == ["a!", "b!", "c!"]


def test_deleting_alice_records_the_deletion_of_her_events_and_the_comments_on_them(alice: User) -> None:
    bob = User.objects.create_user("bob")
    status = StatusChange.objects.create(user=alice, text="Hello")
    comment = Comment.objects.create(user=bob, thread=status, text="Hi!")
    welcome = Event.objects.get(user=alice, kind="welcome")
    forget_changes()
    alice.delete()
    assert sorted(changes()) == sorted(
        [
            ("deleted", welcome.pk, "welcome"),
            ("deleted", status.pk, "status_change"),
            ("deleted", comment.pk, "comment"),
        ]
    )
    assert list(Event.objects.all()) == [Event.objects.get(user=bob, kind="welcome")]
