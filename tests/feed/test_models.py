"""Events as instances of their own kinds."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feed.models import Comment, Event, StatusChange
from tests.support.kinds import Announcement, Deploy, Shout, Temperature

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_events_come_as_instances_of_their_own_kind(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    saved = [
        status,
        Comment.objects.create(user=alice, thread=status, text="Hi!"),
        Announcement.objects.create(user=alice, text="Soon"),
        Temperature.objects.create(user=alice, value=20),
    ]
    found = list(Event.objects.exclude(kind="welcome").order_by("pk"))
    assert found == saved
    assert [type(event) for event in found] == [StatusChange, Comment, Announcement, Temperature]


def test_events_are_loaded_by_one_query_and_one_more_for_each_kind(alice: User) -> None:
    for number in range(5):
        StatusChange.objects.create(user=alice, text=str(number))
        Announcement.objects.create(user=alice, text=str(number))
        Temperature.objects.create(user=alice, value=number)
    with CaptureQueriesContext(connection) as queries:
        shown = [f"{event.user} {event}" for event in Event.objects.with_users().newest()]
    assert len(shown) == 16
    loading = [query for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(loading) == 5  # one for the rows, and one for each kind; the fourth kind is the welcome


def test_kinds_are_named_in_lower_snake_case() -> None:
    assert StatusChange.kind_name() == "status_change"
    assert Shout.kind_name() == "status_change"
    assert {"event", "status_change", "comment", "welcome", "deploy", "announcement", "temperature"} <= set(
        Event.kinds()
    )


def test_a_kind_without_its_own_str_lists_its_fields(alice: User) -> None:
    deploy = Deploy.objects.create(user=alice, service="web")
    assert str(deploy).startswith("alice: deploy, service web")


def test_own_fields_are_those_that_a_kind_adds() -> None:
    assert [field.name for field in StatusChange.own_fields()] == ["text"]
    assert [field.name for field in Announcement.own_fields()] == ["text", "until"]
    assert [field.name for field in Event.own_fields()] == []


def test_a_comment_is_in_the_stream_of_its_thread(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    comment = Comment.objects.create(user=alice, thread=status, text="Hi!")
    assert Comment.objects.get(pk=comment.pk).thread.pk == status.pk
    assert status.streams() == ["public", "user:alice", "kind:status_change", f"thread:{status.pk}"]
    assert {f"thread:{status.pk}", f"thread:{comment.pk}"} < set(comment.streams())
