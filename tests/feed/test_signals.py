"""Saving and deleting an event of any kind: the changes that are recorded."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.db import NotSupportedError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import feed.streams
from feed import log
from feed.log import Change
from feed.models import Comment, Event, StatusChange
from feed.testing import FeedWatcher
from tests.feed.recorded import changes, every_kind, forget_changes

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.database,
    pytest.mark.usefixtures("empty_log"),
]


@every_kind
def test_each_save_and_deletion_is_one_change(
    alice: User, kind: type[Event], fields: dict[str, Any], name: str
) -> None:
    event = kind.objects.create(user=alice, **fields)
    pk = event.pk
    event.save()
    event.delete()
    assert changes() == [("created", pk, name), ("updated", pk, name), ("deleted", pk, name)]


@every_kind
def test_an_event_loaded_through_its_root_is_recorded_as_its_own_kind(
    alice: User, kind: type[Event], fields: dict[str, Any], name: str
) -> None:
    pk = kind.objects.create(user=alice, **fields).pk
    forget_changes()
    Event._base_manager.get(pk=pk).save()
    Event._base_manager.get(pk=pk).delete()
    assert changes() == [("updated", pk, name), ("deleted", pk, name)]
    assert not kind._base_manager.filter(pk=pk).exists()


def test_an_update_sets_edited_at_and_an_insert_does_not(alice: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        status = StatusChange.objects.create(user=alice, text="Hello")
    assert not any("SELECT" in query["sql"] for query in queries)
    assert StatusChange.objects.get().edited_at is None
    status.text = "Hello!"
    status.save()
    assert status.edited_at is not None
    assert StatusChange.objects.get().edited_at == status.edited_at


def test_an_update_of_one_field_sets_edited_at(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    status.text = "Hello!"
    status.save(update_fields=["text"])
    assert StatusChange.objects.get().edited_at is not None


def test_saving_no_field_records_nothing(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    forget_changes()
    status.save(update_fields=[])
    assert changes() == []


def test_deleting_a_deleted_event_records_nothing(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="a")
    copy = StatusChange.objects.get()
    status.delete()
    forget_changes()
    assert copy.delete() == (0, {})
    assert changes() == []


def test_an_event_cannot_be_deleted_without_its_parents(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="a")
    with pytest.raises(NotSupportedError):
        status.delete(keep_parents=True)


def test_an_event_whose_change_cannot_be_recorded_is_not_saved(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(log, "record", fail)
    with pytest.raises(ZeroDivisionError):
        StatusChange.objects.create(user=alice, text="never")
    assert not StatusChange.objects.exists()
    assert not Event.objects.exclude(kind="welcome").exists()


def test_loading_fixtures_records_nothing_and_does_not_set_edited_at(alice: User, rings: list[tuple[int, str]]) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    saved = serializers.serialize("json", [*Event._base_manager.all(), status])
    Event.objects.all().delete()
    forget_changes()
    rings.clear()
    for _ in ("new rows", "the same rows again"):
        for each in serializers.deserialize("json", saved):
            each.save()
    assert changes() == []
    assert rings == []
    assert [(event.kind, event.edited_at) for event in Event.objects.order_by("pk")] == [
        ("welcome", None),
        ("status_change", None),
    ]


def test_a_deletion_is_told_in_the_streams_of_its_event(alice: User, feed_watcher: Callable[..., FeedWatcher]) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    comment = Comment.objects.create(user=alice, thread=status, text="Hi!")
    watchers = [feed_watcher(streams=[stream], after=0) for stream in feed.streams.of(comment)]
    assert all(comment.pk in watcher.events() for watcher in watchers)
    key = comment.pk
    comment.delete()
    assert not any(key in watcher.events() for watcher in watchers)


def test_a_save_after_a_reconnection_is_recorded(alice: User) -> None:
    statuses = []
    for _ in range(2):
        statuses += [StatusChange.objects.create(user=alice, text="Hello") for _ in range(2)]
        connection.close()
    assert changes() == [("created", status.pk, "status_change") for status in statuses]


def test_a_change_is_dated_by_the_database_clock(alice: User) -> None:
    before = timezone.now() - timedelta(milliseconds=1)  # the resolution of SQLite's clock
    StatusChange.objects.create(user=alice, text="Hello")
    assert before <= Change.objects.get().at <= timezone.now()


def test_recording_a_save_takes_one_insert(alice: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        StatusChange.objects.create(user=alice, text="Hello")
    inserts = [query["sql"] for query in queries if query["sql"].startswith("INSERT")]
    assert len(inserts) == 3  # the event, the part of its kind, and the change
    assert log.state().waiting
