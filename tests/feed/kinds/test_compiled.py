"""Compiled reads: the same rows as Django reads, by a statement that is compiled once."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from feed import log
from feed.kinds.compiled import MAX_READ_AHEAD, CompiledQuery, compiled
from feed.models import Comment, Event, StatusChange
from tests.feed.log.test_batch import number_and_load
from tests.support.kinds import Announcement, Deploy, Slogan, Temperature

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def query(kind: type[Event]) -> CompiledQuery:
    found = compiled(kind)
    assert found
    return found


def state(event: Event) -> dict[str, Any]:
    """All attributes of an event and of its user."""
    own = {name: value for name, value in vars(event).items() if name != "_state"}
    user = {name: value for name, value in vars(event.user).items() if name != "_state"}
    return {"class": type(event), "adding": event._state.adding, "db": event._state.db, "user": user, **own}


@pytest.mark.parametrize("kind", [Event, StatusChange, Comment, Announcement, Deploy, Slogan, Temperature])
def test_a_compiled_read_returns_the_same_rows_as_django(kind: type[Event], django_assert_num_queries: Any) -> None:
    users = [User.objects.create(username=name, email=f"{name}@example.com") for name in ("alice", "bob")]
    thread = Event.objects.create(user=users[0])
    values: dict[type[Event], dict[str, Any]] = {
        StatusChange: {"text": "100 % sure"},
        Comment: {"text": "No %s", "thread": thread},
        Announcement: {"text": "Soon", "until": date(2026, 12, 24)},
        Deploy: {
            "service": "web",
            "took": timedelta(hours=2),
            "cost": Decimal("3.50"),
            "details": {"tags": ["a", None, 1.5]},
        },
        Slogan: {"text": "Ring!", "approved_by": users[1]},
        Temperature: {"value": 36.6},
    }
    log.number()
    keys = [kind.objects.create(user=user, **values.get(kind, {})).pk for user in users for _ in range(2)]
    saved = kind.rows.get(pk=keys[0])
    saved.save()  # sets its `edited_at`
    expected = kind.rows.filter(pk__in=keys).select_related("user").order_by("pk")
    with django_assert_num_queries(1):
        read = sorted(query(kind).read([*keys, 10**9]), key=lambda event: event.pk)
        found = [state(event) for event in read]
    assert found == [state(event) for event in expected]
    assert len(found) == 4
    if connection.vendor == "postgresql":
        read = sorted(number_and_load(log.number().head - len(keys) - 1, 10, [kind])[2], key=lambda event: event.pk)
        assert [state(event) for event in read] == found


@pytest.mark.postgresql
def test_only_a_few_rows_are_read_together_with_the_changes(alice: User) -> None:
    """The log is locked during this read."""
    before = log.number().head
    posts = [StatusChange.objects.create(user=alice, text=str(number)) for number in range(MAX_READ_AHEAD + 2)]
    others = [Comment.objects.create(user=alice, text="Aha", thread=posts[0]) for _ in range(2)]
    _, changes, events = number_and_load(before, 100, [StatusChange])
    assert [change.event_id for change in changes] == [event.pk for event in (*posts, *others)]
    assert {event.pk for event in events} == {event.pk for event in posts[:MAX_READ_AHEAD]}
    assert {event.pk for event in number_and_load(before, 100, [Comment])[2]} == {event.pk for event in others}


def test_a_missing_row_is_no_error(alice: User) -> None:
    assert list(query(StatusChange).read([10**9])) == []


def test_the_statement_is_compiled_once() -> None:
    assert compiled(Deploy) is compiled(Deploy)
