"""Numbering: changes get positions after their commit, in order and without holes."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from feed import log
from feed.log import Change, sql
from feed.log.batch import execute_sql
from feed.models import StatusChange
from tests.feed.log.posts import post_texts, texts_in_log
from tests.support.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@contextmanager
def open_transaction(work: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Run `work` in a transaction of another connection. Yields a function that commits it."""
    done, commit = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                work()
                done.set()
                assert commit.wait(30)
        finally:
            done.set()
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(run)
        assert done.wait(30)

        def finish() -> None:
            commit.set()
            running.result(30)

        try:
            yield finish
        finally:
            finish()


def test_changes_get_positions_without_holes_oldest_first(alice: User) -> None:
    log.number()
    begin = log.state().head
    post_texts(alice, "a", "b", "c")
    assert log.state().waiting
    assert log.state().head == begin
    assert log.number().head == begin + 3
    assert not log.state().waiting
    assert [change.position for change in log.read(begin, begin + 3)] == [begin + 1, begin + 2, begin + 3]
    assert texts_in_log() == ["a", "b", "c"]


def test_numbering_without_new_changes_does_nothing(alice: User) -> None:
    assert log.number() == log.number()


def test_a_rolled_back_post_leaves_no_hole(alice: User) -> None:
    post_texts(alice, "a")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        post_texts(alice, "never")
        raise ZeroDivisionError
    post_texts(alice, "b")
    assert texts_in_log() == ["a", "b"]
    positions = list(Change.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, len(positions) + 1))


@pytest.mark.postgresql
def test_a_transaction_that_begins_first_and_commits_last_is_numbered_last(alice: User) -> None:
    with open_transaction(lambda: post_texts(alice, "began first")) as commit:
        post_texts(alice, "committed first")
        assert texts_in_log() == ["committed first"]
        cursor = log.state().head
        commit()
    # A cursor over primary keys would skip the first one.
    first, second = StatusChange.objects.order_by("pk")
    assert (first.text, second.text) == ("began first", "committed first")
    assert texts_in_log(after=cursor) == ["began first"]


@pytest.mark.postgresql
def test_an_open_transaction_blocks_neither_numbering_nor_posting(alice: User) -> None:
    with open_transaction(lambda: post_texts(alice, "open")):
        post_texts(alice, "a", "b")
        assert texts_in_log() == ["a", "b"]
    assert texts_in_log() == ["a", "b", "open"]


@pytest.mark.postgresql
def test_numbering_waits_for_a_concurrent_numbering(alice: User) -> None:
    """It waits before it reads any change, because the other process may be numbering the same ones."""
    head = log.number().head
    numbered: list[int] = []
    post_texts(alice, "a")

    def number() -> int:
        try:
            return log.number().head
        finally:
            connections.close_all()

    def is_waiting() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return any(execute_sql(sql.HEAD) in sent or sql.HEAD.text in sent for (sent,) in cursor.fetchall())

    with ThreadPoolExecutor(1) as threads:
        with open_transaction(lambda: numbered.append(log.number().head)):
            numbering = threads.submit(number)
            wait_until(is_waiting, "the second numbering to wait for the lock")
            assert log.state().head == head
            post_texts(alice, "b")
        assert numbered == [head + 1]
        assert numbering.result(30) == head + 2
    assert texts_in_log(head) == ["a", "b"]


@pytest.mark.postgresql
def test_posting_does_not_wait_for_numbering(alice: User) -> None:
    def number() -> None:
        log.number()

    post_texts(alice, "a")
    with open_transaction(number):
        post_texts(alice, "b")
        assert StatusChange.objects.count() == 2


def test_concurrent_numberings_give_each_position_once(alice: User) -> None:
    log.number()
    begin = log.state().head
    post_texts(alice, *map(str, range(50)))

    def number() -> int:
        try:
            return log.number().head
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        heads = [future.result() for future in [threads.submit(number) for _ in range(8)]]
    assert set(heads) == {begin + 50}
    assert texts_in_log() == [str(number) for number in range(50)]


def test_many_waiting_changes_are_numbered_in_a_constant_number_of_queries(alice: User) -> None:
    def queries_for(waiting: int) -> int:
        changes = (Change(action="created", event_id=1, kind="event", streams=[]) for _ in range(waiting))
        Change.objects.bulk_create(changes)
        with CaptureQueriesContext(connection) as queries:
            log.number()
        return len(queries)

    log.number()
    assert queries_for(2000) == queries_for(1)


def test_two_changes_cannot_have_the_same_position(alice: User) -> None:
    log.number()
    with pytest.raises(IntegrityError):
        Change.objects.create(action="created", event_id=1, kind="event", streams=[], position=1)
