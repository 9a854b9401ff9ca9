"""A change that a handler fails on is tried again, then set aside, and doesn't hold up the others."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError
from django.utils import timezone

from feed import log
from feed.handler_tables import HandlerCursor, SetAside
from feed.handlers import HandledChange, catch_up, failures
from feed.kinds import loading
from feed.models import StatusChange
from tests.feed.handlers.conftest import Make
from tests.feed.log.posts import post_texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


class Handling:
    """Makes a group for each text, and fails after that for the texts in `bad`."""

    def __init__(self, *bad: str) -> None:
        self.bad = set(bad)

    def handle(self, change: HandledChange) -> None:
        Group.objects.create(name=change.event.text)
        if change.event.text in self.bad:
            raise ZeroDivisionError(f"bad text {change.event.text}")


def groups() -> list[str]:
    return list(Group.objects.order_by("pk").values_list("name", flat=True))


def become_due() -> None:
    SetAside.objects.exclude(next_try=None).update(next_try=timezone.now() - timedelta(seconds=1))


def test_a_failing_change_is_set_aside_without_its_effect_and_others_go_on(make: Make, alice: User) -> None:
    handler = make(Handling("b").handle, "kind:status_change", from_start=True)
    post_texts(alice, *"abc")
    catch_up(handler)
    assert groups() == ["a", "c"]
    row = SetAside.objects.get()
    assert (row.handler_id, row.event_id, row.tries) == ("test", StatusChange.objects.get(text="b").pk, 1)
    assert "ZeroDivisionError: bad text b" in row.error
    assert row.next_try is not None
    assert row.next_try > timezone.now()
    assert HandlerCursor.objects.get().position == log.state().head


def test_it_is_tried_again_when_that_is_due_and_forgotten_when_it_succeeds(make: Make, alice: User) -> None:
    handling = Handling("b")
    handler = make(handling.handle, "kind:status_change", from_start=True)
    post_texts(alice, *"abc")
    catch_up(handler)
    catch_up(handler)
    assert SetAside.objects.get().tries == 1, "It wasn't due."
    become_due()
    catch_up(handler)
    assert SetAside.objects.get().tries == 2
    handling.bad.clear()
    become_due()
    catch_up(handler)
    assert groups() == ["a", "c", "b"]
    assert not SetAside.objects.exists()


def test_it_is_given_up_after_so_many_tries_until_somebody_asks_for_another(make: Make, alice: User) -> None:
    handling = Handling("a")
    handler = make(handling.handle, "kind:status_change", from_start=True, tries=2)
    post_texts(alice, "a")
    catch_up(handler)
    become_due()
    catch_up(handler)
    assert SetAside.objects.get().next_try is None
    handling.bad.clear()
    catch_up(handler)
    assert groups() == []
    SetAside.objects.update(next_try=timezone.now())
    catch_up(handler)
    assert groups() == ["a"]


def test_in_order_a_failing_change_holds_up_those_after_it(make: Make, alice: User) -> None:
    handling = Handling("b")
    handler = make(handling.handle, "kind:status_change", from_start=True, in_order=True)
    post_texts(alice, *"abc")
    for _ in range(2):
        catch_up(handler)
        assert groups() == ["a"]
        become_due()
    handling.bad.clear()
    catch_up(handler)
    assert groups() == ["a", "b", "c"]


def test_in_order_a_change_that_is_dropped_lets_the_others_go_on(make: Make, alice: User) -> None:
    handler = make(Handling("b").handle, "kind:status_change", from_start=True, in_order=True)
    post_texts(alice, *"abc")
    catch_up(handler)
    SetAside.objects.get().delete()
    catch_up(handler)
    assert groups() == ["a", "c"]


def test_in_order_a_change_that_is_given_up_lets_the_others_go_on(make: Make, alice: User) -> None:
    handler = make(Handling("b").handle, "kind:status_change", from_start=True, in_order=True, tries=2)
    post_texts(alice, *"abc")
    catch_up(handler)
    become_due()
    catch_up(handler)
    assert groups() == ["a", "c"]
    assert SetAside.objects.get().next_try is None


def test_a_database_error_that_the_function_hides_is_a_failure_too(make: Make, alice: User) -> None:
    """PostgreSQL refuses everything after it."""
    Group.objects.create(name="taken")

    def hide(change: HandledChange) -> None:
        try:
            Group.objects.create(name="taken")
        except IntegrityError:
            Group.objects.create(name=change.event.text)

    handler = make(hide, "kind:status_change", from_start=True)
    post_texts(alice, *"ab")
    catch_up(handler)
    is_postgresql = SetAside.objects.count() == 2
    assert groups() == (["taken"] if is_postgresql else ["taken", "a", "b"])
    assert HandlerCursor.objects.get().position == log.state().head


def test_an_event_that_its_kind_cannot_load_now_is_tried_again(
    make: Make, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = make(Handling().handle, "kind:status_change", from_start=True)
    post_texts(alice, "a")
    with monkeypatch.context() as patch:
        patch.setattr(loading, "_was_locked", lambda kind: True)
        catch_up(handler)
    assert groups() == []
    assert "NotLoaded" in SetAside.objects.get().error
    become_due()
    catch_up(handler)
    assert groups() == ["a"]


def test_waits_grow_and_have_a_limit() -> None:
    for tries, seconds in [(1, 2), (2, 4), (5, 32), (12, 3600), (10_000, 3600)]:
        assert seconds / 2 <= failures.wait(tries).total_seconds() <= seconds


def test_two_failures_wait_for_different_times() -> None:
    assert len({failures.wait(5) for _ in range(10)}) > 1
