"""A handler that can't go on from its cursor says so. One process at a time works for a handler."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.utils import timezone

from feed import log
from feed.handler_tables import HandlerCursor
from feed.handlers import HandledChange, Reset, catch_up, cursors
from feed.handlers.running import advance
from tests.feed.handlers.conftest import Make
from tests.feed.log.posts import post_texts
from tests.support.processes import TIMEOUT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def cursor() -> HandlerCursor:
    return HandlerCursor.objects.get(name="test")


def texts(changes: list[HandledChange]) -> list[str]:
    return [change.event.text for change in changes]


def prune() -> None:
    log.number()
    log.prune(timezone.now() + timedelta(days=1))


def break_cursor(reason: str) -> None:
    match reason:
        case "expired":
            prune()
        case "other_log":
            log.rename()
        case "ahead":
            HandlerCursor.objects.update(position=10_000)


every_reason = pytest.mark.parametrize("reason", ["expired", "other_log", "ahead"])


@every_reason
def test_a_handler_stops_when_the_log_does_not_hold_what_follows_its_cursor(
    make: Make, alice: User, seen: list[HandledChange], reason: str
) -> None:
    handler = make(seen.append, "kind:status_change")
    catch_up(handler)
    post_texts(alice, "lost")
    before = cursor().position
    break_cursor(reason)
    post_texts(alice, "later")
    catch_up(handler)
    assert (cursor().state, seen) == (reason, [])
    assert cursor().position == (10_000 if reason == "ahead" else before)


def test_a_handler_that_has_stopped_goes_on_with_what_the_log_holds(
    make: Make, alice: User, seen: list[HandledChange]
) -> None:
    handler = make(seen.append, "kind:status_change")
    catch_up(handler)
    post_texts(alice, "lost")
    prune()
    post_texts(alice, "later")
    catch_up(handler)
    cursors.resume("test")
    catch_up(handler)
    assert (cursor().state, texts(seen)) == ("following", ["later"])


def test_a_handler_goes_on_where_it_was_after_the_log_was_renamed(
    make: Make, alice: User, seen: list[HandledChange]
) -> None:
    handler = make(seen.append, "kind:status_change")
    catch_up(handler)
    post_texts(alice, "Hello")
    log.rename()
    catch_up(handler)
    cursors.resume("test")
    catch_up(handler)
    assert texts(seen) == ["Hello"]


@every_reason
def test_a_handler_that_wants_to_be_told_goes_on_at_the_head(
    make: Make, alice: User, seen: list[HandledChange], reason: str
) -> None:
    resets: list[Reset] = []
    handler = make(seen.append, "kind:status_change", on_reset=resets.append)
    catch_up(handler)
    post_texts(alice, "lost")
    break_cursor(reason)
    catch_up(handler)
    state = log.state()
    assert resets == [Reset(reason, state.epoch, state.head)]
    post_texts(alice, "later")
    catch_up(handler)
    assert texts(seen) == ["later"]


def test_a_reset_that_fails_leaves_the_cursor_where_it_was(make: Make, alice: User) -> None:
    def fail(reset: Reset) -> None:
        raise ZeroDivisionError

    handler = make(print, "kind:status_change", on_reset=fail)
    catch_up(handler)
    post_texts(alice, "lost")
    prune()
    before = cursor().position
    with pytest.raises(ZeroDivisionError):
        catch_up(handler)
    assert cursor().position == before


@pytest.mark.postgresql
def test_while_one_process_works_for_a_handler_others_leave_it_alone(
    make: Make, alice: User, seen: list[HandledChange]
) -> None:
    began, go_on = Event(), Event()

    def slow(change: HandledChange) -> None:
        seen.append(change)
        began.set()
        go_on.wait(TIMEOUT)

    def run() -> None:
        try:
            catch_up(handler)
        finally:
            connections.close_all()

    handler = make(slow, "kind:status_change", from_start=True)
    post_texts(alice, "Hello")
    first = Thread(target=run)
    first.start()
    try:
        assert began.wait(TIMEOUT)
        assert not advance(handler)
    finally:
        go_on.set()
        first.join(TIMEOUT)
    catch_up(handler)
    assert texts(seen) == ["Hello"]


@pytest.mark.skipif(connection.features.has_select_for_update, reason="it is about the lock of SQLite")
def test_on_sqlite_a_transaction_begins_with_the_write_lock(make: Make, alice: User) -> None:
    handler = make(print, "kind:status_change")
    catch_up(handler)
    statements: list[str] = []

    def note(execute: object, statement: str, *rest: object) -> object:
        statements.append(statement)
        return execute(statement, *rest)  # type: ignore[operator]

    with transaction.atomic(), connection.execute_wrapper(note):
        assert cursors.locked("test")
    assert statements[0].startswith("UPDATE")


def test_a_lease_that_has_run_out_can_be_taken_by_another_process(make: Make, alice: User) -> None:
    catch_up(make(print, "public"))
    first = cursors.leased("test")
    assert first
    assert cursors.leased("test") is None
    HandlerCursor.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    second = cursors.leased("test")
    assert second
    assert not cursors.keep(first), "The first has lost its lease, and must not move the cursor."
    assert cursors.keep(second)
    cursors.release(second)
    assert cursors.leased("test")
