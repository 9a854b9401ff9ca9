"""Prepared statements: PostgreSQL keeps the plans of a cycle's statements, or the cycle works without them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection

from feed import log
from feed.kinds.compiled import compiled
from feed.log import Change, batch, sql
from feed.log.sql import Statement
from feed.models import Event, StatusChange

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.fixture(autouse=True)
def no_plans(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(batch, "_without_plans", set())
    deallocate_plans()
    yield
    deallocate_plans()
    batch._plans.clear()


def deallocate_plans() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


def number_and_load(
    after: int, limit: int, kinds: Sequence[type[Event]] = ()
) -> tuple[log.State, list[Change], list[Event]]:
    """Number the log, and read the changes after this position and the events of these kinds."""
    queries = [query for kind in kinds if (query := compiled(kind))]
    interval = (after, after + limit)
    state, changes, found = log.number_and_read(after, limit, [(query.changed, interval) for query in queries])
    return state, changes, [event for query, rows in zip(queries, found, strict=True) for event in query.events(rows)]


def prepared_statements() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements")
        return {name for (name,) in cursor.fetchall()}


def test_the_statements_of_a_cycle_are_prepared_once(alice: User) -> None:
    batch._plans.clear()
    positions = []
    for text in "ab":
        StatusChange.objects.create(user=alice, text=text)
        state = log.number()
        positions += [change.position for change in number_and_load(state.head - 1, 10)[1]]
        assert prepared_statements() == {
            batch.plan_name(each) for each in (sql.HEAD, sql.NUMBER, sql.ADVANCE, sql.READ)
        }
    assert positions == [state.head - 1, state.head]


def test_a_short_log_and_a_long_one_use_the_same_generic_plan(alice: User) -> None:
    batch._plans.clear()
    status = StatusChange.objects.create(user=alice, text="again and again")
    Change.objects.bulk_create(
        Change(action="updated", event_id=status.pk, kind=status.kind, streams=["public"]) for _ in range(5000)
    )
    log.number()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for _ in range(10):
        status.save()
        state = log.number()
        assert [event.pk for event in number_and_load(state.head - 1, 10, [StatusChange])[2]] == [status.pk]
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(generic_plans), max(custom_plans) FROM pg_prepared_statements")
        assert cursor.fetchone() == (10, 0)


def test_statements_with_different_texts_have_different_plan_names() -> None:
    """Another version of Rill may share the session, and read other columns in the statement of the same name."""
    one, other = Statement("read", "SELECT 1"), Statement("read", "SELECT 2")
    assert batch.plan_name(one) == batch.plan_name(Statement("read", "SELECT 1")) != batch.plan_name(other)


def test_a_session_that_loses_a_plan_fails_one_cycle_and_then_works_without_plans(alice: User) -> None:
    batch._plans.clear()
    before = log.number().head
    deallocate_plans()
    StatusChange.objects.create(user=alice, text="hello")
    with pytest.raises(DatabaseError, match="does not exist"):
        log.number()
    assert log.number().head == before + 1
    assert prepared_statements() == set()


def test_a_session_with_the_plans_of_another_process_fails_one_cycle(alice: User) -> None:
    head = log.number().head
    batch._plans.clear()
    StatusChange.objects.create(user=alice, text="hello")
    with pytest.raises(DatabaseError, match="already exists"):
        log.number()
    assert log.number().head == head + 1


def test_a_changed_column_type_fails_one_cycle(alice: User) -> None:
    """The next cycle works, although it gets the same session, or another one of the pool with the old plan."""
    StatusChange.objects.create(user=alice, text="before")
    head = log.number().head
    assert number_and_load(head - 1, 10, [StatusChange])[2]
    with text_column_of_type("varchar(3000)"):
        with pytest.raises(DatabaseError, match="must not change result type"):
            number_and_load(head - 1, 10, [StatusChange])
        assert [str(event) for event in number_and_load(head - 1, 10, [StatusChange])[2]] == ["alice: before"]


@contextmanager
def text_column_of_type(name: str) -> Iterator[None]:
    """Alter the column, as a migration does while a hub runs."""
    alter = "ALTER TABLE feed_statuschange ALTER COLUMN text TYPE "
    with connection.cursor() as cursor:
        cursor.execute(alter + name)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(alter + "text")


def test_behind_a_transaction_pooler_nothing_is_prepared(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    batch._plans.clear()
    StatusChange.objects.create(user=alice, text="hello")
    state = log.number()
    _, changes, events = number_and_load(state.head - 1, 10, [StatusChange])
    assert [change.position for change in changes] == [state.head]
    assert [str(event) for event in events] == ["alice: hello"]
    assert prepared_statements() == set()
