"""Where PostgreSQL keeps the plans of what every cycle carries out, and where it can't."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection

from feed import log
from feed.log import Change, batch
from feed.log.sql import Statement
from feed.models import StatusChange

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.fixture(autouse=True)
def none_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(batch, "_forgetful", set())
    forget()
    yield
    forget()
    batch._kept.clear()


def forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


def kept() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements")
        return {name for (name,) in cursor.fetchall()}


def test_what_a_cycle_carries_out_is_planned_once(alice: User) -> None:
    batch._kept.clear()
    positions = []
    for text in "ab":
        StatusChange.objects.create(user=alice, text=text)
        state = log.number()
        positions += [change.position for change in log.follow(state.head - 1, 10)[1]]
        assert kept() == {each.key for each in (log._HEAD, log._NUMBER, log._ADVANCE, log._READ)}
    assert positions == [state.head - 1, state.head]


def test_the_plan_of_a_short_log_and_of_a_long_one_is_kept(alice: User) -> None:
    batch._kept.clear()
    post = StatusChange.objects.create(user=alice, text="again and again")
    Change.objects.bulk_create(
        Change(action="updated", event_id=post.pk, kind=post.kind, streams=["public"]) for _ in range(5000)
    )
    log.number()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for _ in range(10):
        post.save()
        state = log.number()
        assert [event.pk for event in log.follow(state.head - 1, 10, [StatusChange])[2]] == [post.pk]
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(generic_plans), max(custom_plans) FROM pg_prepared_statements")
        assert cursor.fetchone() == (10, 0)


def test_another_text_is_another_plan() -> None:
    """What else uses the session may be another version, in which the statement of that name reads other columns."""
    one, other = Statement("read", "SELECT 1"), Statement("read", "SELECT 2")
    assert one.key == Statement("read", "SELECT 1").key != other.key


def test_a_session_that_turns_out_to_forget_fails_one_cycle_and_is_asked_to_plan_no_more(alice: User) -> None:
    batch._kept.clear()
    before = log.number().head
    forget()
    StatusChange.objects.create(user=alice, text="hello")
    with pytest.raises(DatabaseError, match="does not exist"):
        log.number()
    assert log.number().head == before + 1
    assert kept() == set()


def test_a_session_that_somebody_else_has_used_fails_one_cycle_too(alice: User) -> None:
    head = log.number().head
    batch._kept.clear()
    StatusChange.objects.create(user=alice, text="hello")
    with pytest.raises(DatabaseError, match="already exists"):
        log.number()
    assert log.number().head == head + 1


def test_a_column_that_gets_another_type_fails_one_cycle(alice: User) -> None:
    """Though the next has the same session again, or another from the pool that keeps the old plan, too."""
    StatusChange.objects.create(user=alice, text="before")
    head = log.number().head
    assert log.follow(head - 1, 10, [StatusChange])[2]
    with other_type("varchar(3000)"):
        with pytest.raises(DatabaseError, match="must not change result type"):
            log.follow(head - 1, 10, [StatusChange])
        assert [str(event) for event in log.follow(head - 1, 10, [StatusChange])[2]] == ["alice: before"]


@contextmanager
def other_type(of_text: str) -> Iterator[None]:
    """What a migration does to a kind's column while a hub is running."""
    alter = "ALTER TABLE feed_statuschange ALTER COLUMN text TYPE "
    with connection.cursor() as cursor:
        cursor.execute(alter + of_text)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(alter + "text")


def test_a_database_behind_a_pooler_of_transactions_is_not_asked_to_plan(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    batch._kept.clear()
    StatusChange.objects.create(user=alice, text="hello")
    state = log.number()
    _, changes, events = log.follow(state.head - 1, 10, [StatusChange])
    assert [change.position for change in changes] == [state.head]
    assert [str(event) for event in events] == ["alice: hello"]
    assert kept() == set()
