"""The log: positions are given after commit, without holes, and what is read is all or nothing."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feed import log
from feed.log import Change, Log, sql
from feed.log.batch import execute_sql
from feed.models import StatusChange
from tests.support.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def post(user: User, *texts: str) -> None:
    for text in texts:
        StatusChange.objects.create(user=user, text=text)


def texts(after: int = 0) -> list[str]:
    """What the log shows, in its order."""
    log.number()
    numbered = log.read(after, log.state().head)
    named = dict(StatusChange.objects.values_list("pk", "text"))
    return [named[change.event_id] for change in numbered if change.event_id in named]


@contextmanager
def open_transaction(work: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Another connection that has done `work` in a transaction; what is yielded commits it."""
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


def test_positions_are_given_without_holes_oldest_first(alice: User) -> None:
    log.number()
    begin = log.state().head
    post(alice, "a", "b", "c")
    assert log.state().waiting
    assert log.state().head == begin
    assert log.number().head == begin + 3
    assert not log.state().waiting
    assert [change.position for change in log.read(begin, begin + 3)] == [begin + 1, begin + 2, begin + 3]
    assert texts() == ["a", "b", "c"]


def test_numbering_nothing_changes_nothing(alice: User) -> None:
    assert log.number() == log.number()


def test_what_is_rolled_back_leaves_no_hole(alice: User) -> None:
    post(alice, "a")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        post(alice, "never")
        raise ZeroDivisionError
    post(alice, "b")
    assert texts() == ["a", "b"]
    positions = list(Change.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, len(positions) + 1))


@pytest.mark.postgresql
def test_a_transaction_that_commits_late_comes_late_though_it_began_first(alice: User) -> None:
    with open_transaction(lambda: post(alice, "began first")) as commit:
        post(alice, "committed first")
        assert texts() == ["committed first"]
        cursor = log.state().head
        commit()
    first, second = StatusChange.objects.order_by("pk")
    assert (first.text, second.text) == ("began first", "committed first")  # by key it would have been passed over
    assert texts(after=cursor) == ["began first"]


@pytest.mark.postgresql
def test_an_open_transaction_holds_up_neither_numbering_nor_who_posts(alice: User) -> None:
    with open_transaction(lambda: post(alice, "open")):
        post(alice, "a", "b")
        assert texts() == ["a", "b"]
    assert texts() == ["a", "b", "open"]


@pytest.mark.postgresql
def test_who_numbers_waits_for_who_numbers(alice: User) -> None:
    """Before it looks at any change: what it would see might be numbered already."""
    head = log.number().head
    numbered: list[int] = []
    post(alice, "a")

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
            wait_until(is_waiting, "who numbers to wait for the lock")
            assert log.state().head == head
            post(alice, "b")
        assert numbered == [head + 1]
        assert numbering.result(30) == head + 2
    assert texts(head) == ["a", "b"]


@pytest.mark.postgresql
def test_who_posts_does_not_wait_for_who_numbers(alice: User) -> None:
    def number_and_hold() -> None:
        log.number()

    post(alice, "a")
    with open_transaction(number_and_hold):
        post(alice, "b")
        assert StatusChange.objects.count() == 2


def test_processes_that_number_at_once_give_each_position_once(alice: User) -> None:
    log.number()
    begin = log.state().head
    post(alice, *map(str, range(50)))

    def number() -> int:
        try:
            return log.number().head
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        heads = [future.result() for future in [threads.submit(number) for _ in range(8)]]
    assert set(heads) == {begin + 50}
    assert texts() == [str(number) for number in range(50)]


def test_many_waiting_changes_are_numbered_in_a_constant_number_of_queries(alice: User) -> None:
    def queries_for(waiting: int) -> int:
        changes = (Change(action="created", event_id=1, kind="event", streams=[]) for _ in range(waiting))
        Change.objects.bulk_create(changes)
        with CaptureQueriesContext(connection) as queries:
            log.number()
        return len(queries)

    log.number()
    assert queries_for(2000) == queries_for(1)


def test_a_position_can_not_be_given_twice(alice: User) -> None:
    log.number()
    with pytest.raises(IntegrityError):
        Change.objects.create(action="created", event_id=1, kind="event", streams=[], position=1)


def test_reading_goes_on_where_it_ended(alice: User) -> None:
    post(alice, "a", "b", "c")
    head = log.number().head
    read = log.read(0, 2) + log.read(2, head)
    assert [change.position for change in read] == list(range(1, head + 1))
    assert log.read(head, head) == []


def test_pruning_forgets_the_oldest_and_reading_them_is_refused(alice: User) -> None:
    post(alice, "old", "older by its clock", "new")
    head = log.number().head
    now = timezone.now()
    Change.objects.filter(position__lt=head - 1).update(at=now - timedelta(days=40))
    assert log.prune(now - timedelta(days=30)) == head - 2
    assert log.state().floor == head - 2
    with pytest.raises(log.Expired):
        log.read(0, head)
    assert [change.position for change in log.read(head - 2, head)] == [head - 1, head]


def test_pruning_stops_at_the_first_change_that_is_kept(alice: User) -> None:
    post(alice, "a", "b", "c")
    head = log.number().head
    Change.objects.filter(position=head).update(at=timezone.now() - timedelta(days=40))
    assert log.prune(timezone.now() - timedelta(days=30)) == 0
    assert len(log.read(0, head)) == head


def test_pruning_goes_in_parts_and_after_each_the_log_is_whole(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.log.pruning.PART", 2)
    post(alice, *"abcdef")
    head = log.number().head
    told: list[tuple[int, int]] = []

    def look(done: int, of: int) -> None:
        told.append((done, of))
        state = log.state()
        assert state.floor == done
        assert [change.position for change in log.read(done, state.head)] == list(range(done + 1, state.head + 1))
        with pytest.raises(log.Expired):
            log.read(done - 1, state.head)
        post(alice, "meanwhile")
        log.number()

    assert log.prune(timezone.now() + timedelta(days=1), look) == head == 7
    assert told == [(2, 7), (4, 7), (6, 7), (7, 7)]
    assert log.state().head == head + len(told), "What comes meanwhile is kept."


def test_pruning_that_is_interrupted_is_finished_by_the_next(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.log.pruning.PART", 2)
    post(alice, *"abcdef")
    head = log.number().head

    def interrupt(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        log.prune(timezone.now() + timedelta(days=1), interrupt)
    assert log.state().floor == 2
    assert log.prune(timezone.now() + timedelta(days=1)) == head - 2
    assert not Change.objects.exists()


def test_two_that_prune_at_once_share_the_work(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.log.pruning.PART", 2)
    post(alice, *"abcdef")
    head = log.number().head
    others: list[int] = []

    def prune_too(done: int, of: int) -> None:
        others.append(log.prune(timezone.now() + timedelta(days=1)))

    assert log.prune(timezone.now() + timedelta(days=1), prune_too) == 2
    assert others == [head - 2]
    assert log.state().floor == head


def test_pruning_everything_keeps_the_head_and_what_waits(alice: User) -> None:
    post(alice, "a")
    head = log.number().head
    post(alice, "waiting")
    log.prune(timezone.now() + timedelta(days=1))
    assert log.state().head == log.state().floor == head
    assert texts(after=head) == ["waiting"]


def test_a_renamed_log_goes_on_with_its_positions(alice: User) -> None:
    before = log.number()
    assert log.rename() != before.epoch
    assert log.state().head == before.head
    assert log.state().epoch != before.epoch


def test_an_emptied_database_gets_a_new_log(alice: User) -> None:
    before = log.state().epoch
    Log.objects.all().delete()
    assert log.state().epoch != before
