"""A comment is moved to a thread while the thread is moved to another audience."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction

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
