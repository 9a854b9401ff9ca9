"""Events are moved or deleted while what they hang on is moved or deleted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction

from feed.log import Change
from feed.models import Comment, Event, StatusChange
from tests.support.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.postgresql]


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # otherwise a transaction sees its first snapshot again
        cursor.execute("SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return any("feed_event" in query for (query,) in cursor.fetchall())


@pytest.fixture
def threads(alice: User) -> list[StatusChange]:
    return [StatusChange.objects.create(user=alice, text="Thread") for _ in range(2)]


def test_it_ends_in_the_audience_of_its_new_thread(alice: User, threads: list[StatusChange]) -> None:
    comment = Comment.objects.create(user=alice, thread=threads[0], text="Moved")

    def move_thread() -> None:
        try:
            StatusChange.objects.filter(pk=threads[1].pk).update(audience="only:alice")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Comment.objects.filter(pk=comment.pk).update(thread=threads[1])
            moving = pool.submit(move_thread)
            wait_until(lambda: moving.done() or somebody_waits(), "the thread to be moved, or to wait for the comment")
        moving.result(30)
    assert Event.rows.get(pk=comment.pk).audience == "only:alice"


@pytest.mark.parametrize(
    ("change", "deletions"),
    [
        (lambda events: events.update(audience="public"), ["public"]),
        (lambda events: events.delete(), ["only:alice"]),
    ],
)
def test_the_deletion_of_alice_is_told_once_to_those_who_see_her_event(
    alice: User, change: Callable[[Any], object], deletions: list[str]
) -> None:
    event = StatusChange.objects.create(user=alice, text="Mine", audience="only:alice")

    def delete_alice() -> None:
        try:
            User.objects.get(pk=alice.pk).delete()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            change(StatusChange.objects.filter(pk=event.pk))
            deleting = pool.submit(delete_alice)
            wait_until(lambda: deleting.done() or somebody_waits(), "alice's deletion to wait for the event")
        deleting.result(30)
    deleted = Change.objects.filter(event_id=event.pk, action="deleted")
    assert [each.audience for each in deleted] == deletions
