"""Saving, changing and deleting events of any kind: what is recorded, and when the doorbell rings."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.db import NotSupportedError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from feed import log
from feed.doorbell import doorbell
from feed.messages import MessageFactory
from feed.models import Change, Comment, Event, StatusChange
from tests.kinds import Announcement, Deploy, Shout, Slogan, Temperature
from tests.services import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def alice() -> User:
    alice = User.objects.create_user("alice")
    forget_changes()
    return alice


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """What the doorbell was rung with; in place of a channel layer, which tests of their own ring for real."""
    heard: list[tuple[int, str]] = []
    monkeypatch.setattr(MessageFactory, "on_activity", lambda self, summary: heard.append((self.event_id, summary)))
    return heard


def forget_changes() -> None:
    Change.objects.all().delete()


def changes() -> list[tuple[str, int, str]]:
    """Every change that is recorded, oldest first: action, event, kind."""
    return list(Change.objects.order_by("id").values_list("action", "event_id", "kind"))


KINDS: list[tuple[type[Event], dict[str, Any], str]] = [
    (StatusChange, {"text": "Hello"}, "status_change"),
    (Announcement, {"text": "Hello", "until": date(2030, 1, 1)}, "announcement"),
    (Shout, {"text": "HELLO"}, "status_change"),
    (Temperature, {"value": 21.5}, "temperature"),
    (Deploy, {"service": "web"}, "deploy"),
    (Event, {}, "event"),
]
every_kind = pytest.mark.parametrize(("kind", "fields", "name"), KINDS, ids=[kind.__name__ for kind, _, _ in KINDS])


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
def test_each_save_and_deletion_rings_once(
    alice: User, rings: list[tuple[int, str]], kind: type[Event], fields: dict[str, Any], name: str
) -> None:
    event = kind.objects.create(user=alice, **fields)
    expected = (event.pk, str(event))
    assert rings == [expected]
    event.save()
    event.delete()
    assert rings == [expected] * 3


@every_kind
def test_an_event_loaded_as_its_root_is_recorded_as_its_own_kind(
    alice: User, kind: type[Event], fields: dict[str, Any], name: str
) -> None:
    pk = kind.objects.create(user=alice, **fields).pk
    forget_changes()
    Event._base_manager.get(pk=pk).save()
    Event._base_manager.get(pk=pk).delete()
    assert changes() == [("updated", pk, name), ("deleted", pk, name)]
    assert not kind._base_manager.filter(pk=pk).exists()


@every_kind
def test_deleting_by_query_is_one_change_for_each_event(
    alice: User, kind: type[Event], fields: dict[str, Any], name: str
) -> None:
    pks = [kind.objects.create(user=alice, **fields).pk for _ in range(3)]
    forget_changes()
    kind.objects.filter(pk__in=pks).delete()
    assert sorted(changes()) == [("deleted", pk, name) for pk in pks]


def test_deleting_many_kinds_by_one_query(alice: User) -> None:
    for kind, fields, _ in KINDS:
        kind.objects.create(user=alice, **fields)
    forget_changes()
    Event.objects.filter(user=alice).delete()
    assert Event.objects.count() == 0
    assert len(changes()) == len(KINDS) + 1  # and the welcome


def test_an_insert_is_not_edited_and_an_update_is(alice: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        status = StatusChange.objects.create(user=alice, text="Hello")
    assert not any("SELECT" in query["sql"] for query in queries)
    assert StatusChange.objects.get().edited_at is None
    status.text = "Hello!"
    status.save()
    assert status.edited_at is not None
    assert StatusChange.objects.get().edited_at == status.edited_at


def test_an_update_of_one_field_is_edited_too(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    status.text = "Hello!"
    status.save(update_fields=["text"])
    assert StatusChange.objects.get().edited_at is not None


def test_saving_no_field_changes_nothing(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    forget_changes()
    status.save(update_fields=[])
    assert changes() == []


def test_an_update_by_query_is_recorded_for_each_event_and_rings_once(
    alice: User, rings: list[tuple[int, str]]
) -> None:
    pks = [StatusChange.objects.create(user=alice, text=text).pk for text in "abc"]
    forget_changes()
    rings.clear()
    assert StatusChange.objects.filter(text__in="abc").update(text="d") == 3
    assert sorted(changes()) == [("updated", pk, "status_change") for pk in pks]
    assert len(rings) == 1
    assert all(status.edited_at for status in StatusChange.objects.all())


def test_an_update_of_the_root_records_each_event_as_its_own_kind(alice: User) -> None:
    StatusChange.objects.create(user=alice, text="a")
    Temperature.objects.create(user=alice, value=1)
    forget_changes()
    bob = User.objects.create_user("bob")
    forget_changes()
    assert Event.objects.filter(user=alice).update(user=bob) == 3
    assert sorted(kind for _, _, kind in changes()) == ["status_change", "temperature", "welcome"]


def test_an_update_of_distinct_rows_is_recorded(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="a")
    Comment.objects.create(user=alice, thread=status, text="1")
    Comment.objects.create(user=alice, thread=status, text="2")
    forget_changes()
    assert StatusChange.objects.filter(comments__text__in="12").distinct().update(text="b") == 1
    assert changes() == [("updated", status.pk, "status_change")]


def test_what_is_changed_by_a_relation_is_recorded(alice: User) -> None:
    bob = User.objects.create_user("bob")
    status = StatusChange.objects.create(user=alice, text="a")
    other = StatusChange.objects.create(user=alice, text="b")
    comment = Comment.objects.create(user=alice, thread=status, text="about a")
    forget_changes()
    bob.events.add(status)
    other.comments.add(comment)
    assert changes() == [("updated", status.pk, "status_change"), ("updated", comment.pk, "comment")]
    assert Comment.objects.get().thread_id == other.pk


def test_what_the_deletion_of_something_else_sets_to_null_is_recorded(alice: User) -> None:
    bob = User.objects.create_user("bob")
    slogan = Slogan.objects.create(user=alice, text="a", approved_by=bob)
    forget_changes()
    bob.delete()
    assert ("updated", slogan.pk, "slogan") in changes()
    assert Slogan.objects.get().approved_by is None


def test_deleting_what_is_gone_records_nothing(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="a")
    again = StatusChange.objects.get()
    status.delete()
    forget_changes()
    assert again.delete() == (0, {})
    assert changes() == []


def test_an_event_keeps_all_of_its_parts(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="a")
    with pytest.raises(NotSupportedError):
        status.delete(keep_parents=True)


def save_each(pks: list[int]) -> None:
    for pk in reversed(pks):
        status = StatusChange.objects.get(pk=pk)
        status.save(force_update=True)


def update_all(pks: list[int]) -> None:
    StatusChange.objects.all().update(text="updated")


def lock_and_edit_each(pks: list[int]) -> None:
    for pk in pks:
        with transaction.atomic():
            Event.objects.select_for_update(of=("self",)).get(pk=pk).save()


@pytest.mark.postgresql
def test_no_deadlock_among_those_who_write_the_same_events_in_their_own_ways(alice: User) -> None:
    pks = [StatusChange.objects.create(user=alice, text=str(number)).pk for number in range(20)]

    def write(way: Callable[[list[int]], None]) -> None:
        try:
            for _ in range(10):
                way(pks)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(write, way) for way in (save_each, update_all, lock_and_edit_each)]:
            done.result(60)


def test_bulk_update_is_recorded(alice: User) -> None:
    statuses = [StatusChange.objects.create(user=alice, text=text) for text in "abc"]
    forget_changes()
    for status in statuses:
        status.text += "!"
    StatusChange.objects.bulk_update(statuses, ["text"])
    assert len(changes()) == 3
    assert sorted(StatusChange.objects.values_list("text", flat=True)) == ["a!", "b!", "c!"]


def test_bulk_create_is_refused_as_no_signal_would_tell_of_it(alice: User) -> None:
    with pytest.raises(NotSupportedError):
        Event.objects.bulk_create([Event(user=alice)])
    assert Event.objects.exclude(kind="welcome").count() == 0


def test_what_is_rolled_back_is_not_recorded_and_does_not_ring(alice: User, rings: list[tuple[int, str]]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        StatusChange.objects.create(user=alice, text="never")
        raise ZeroDivisionError
    assert changes() == []
    assert rings == []


def test_what_is_rolled_back_to_a_savepoint_is_not_recorded_and_the_rest_is(
    alice: User, rings: list[tuple[int, str]]
) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            StatusChange.objects.create(user=alice, text="never")
            raise ZeroDivisionError
        kept = StatusChange.objects.create(user=alice, text="kept")
    assert changes() == [("created", kept.pk, "status_change")]
    assert rings == [(kept.pk, "alice: kept")]


def test_an_event_whose_change_can_not_be_recorded_is_not_saved(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(log, "record", fail)
    with pytest.raises(ZeroDivisionError):
        StatusChange.objects.create(user=alice, text="never")
    assert not StatusChange.objects.exists()
    assert not Event.objects.exclude(kind="welcome").exists()


def test_a_transaction_rings_once_and_only_when_it_commits(alice: User, rings: list[tuple[int, str]]) -> None:
    with transaction.atomic():
        for text in "abc":
            StatusChange.objects.create(user=alice, text=text)
        assert rings == []
    assert len(rings) == 1
    StatusChange.objects.create(user=alice, text="d")
    assert len(rings) == 2


def test_a_doorbell_that_is_out_of_order_fails_no_post(
    alice: User, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.layers.BrokenLayer"}}
    status = StatusChange.objects.create(user=alice, text="Hello")
    assert doorbell.wait()
    assert changes() == [("created", status.pk, "status_change")]
    assert "nobody there" in caplog.text


def test_a_doorbell_that_hangs_holds_up_no_post(
    alice: User, monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("feed.doorbell.PAUSE", 3600)
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.layers.HangingLayer"}}
    first, second = (StatusChange.objects.create(user=alice, text="Hello") for _ in range(2))
    assert not doorbell.wait(0), "Whoever posted has waited for the doorbell."
    assert changes() == [("created", status.pk, "status_change") for status in (first, second)]
    wait_until(lambda: "TimeoutError" in caplog.text, "the ring to be given up")


def test_a_doorbell_that_works_again_rings_again(
    alice: User, monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.layers.BrokenLayer"}}
    monkeypatch.setattr("feed.doorbell.PAUSE", 0)
    for _ in range(2):
        StatusChange.objects.create(user=alice, text="Hello")
        assert doorbell.wait()
    assert caplog.text.count("nobody there") == 2


def test_nothing_that_goes_wrong_when_ringing_fails_a_post(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: MessageFactory, summary: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(MessageFactory, "on_activity", fail)
    StatusChange.objects.create(user=alice, text="Hello")
    assert StatusChange.objects.exists()


def test_fixtures_are_neither_recorded_nor_edited(alice: User, rings: list[tuple[int, str]]) -> None:
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


def test_deleting_a_user_takes_profile_events_and_their_comments_and_records_each(alice: User) -> None:
    bob = User.objects.create_user("bob")
    status = StatusChange.objects.create(user=alice, text="Hello")
    comment = Comment.objects.create(user=bob, thread=status, text="Hi!")
    welcome = Event.objects.get(user=alice, kind="welcome")
    forget_changes()
    alice.delete()
    assert sorted(changes()) == sorted(
        [
            ("deleted", welcome.pk, "welcome"),
            ("deleted", status.pk, "status_change"),
            ("deleted", comment.pk, "comment"),
        ]
    )
    assert list(Event.objects.all()) == [Event.objects.get(user=bob, kind="welcome")]


def test_a_deletion_reaches_those_whom_the_event_could_reach(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    comment = Comment.objects.create(user=alice, thread=status, text="Hi!")
    created = Change.objects.get(event_id=comment.pk)
    comment.delete()
    deleted = Change.objects.exclude(pk=created.pk).get(event_id=created.event_id)
    assert deleted.streams == created.streams
    assert f"thread:{status.pk}" in deleted.streams


def test_what_is_saved_after_the_database_was_connected_anew_is_recorded(alice: User) -> None:
    statuses = []
    for _ in range(2):
        statuses += [StatusChange.objects.create(user=alice, text="Hello") for _ in range(2)]
        connection.close()
    assert changes() == [("created", status.pk, "status_change") for status in statuses]


def test_a_change_is_dated_by_the_clock_of_the_database(alice: User) -> None:
    before = timezone.now() - timedelta(milliseconds=1)  # SQLite's clock is that coarse
    StatusChange.objects.create(user=alice, text="Hello")
    assert before <= Change.objects.get().at <= timezone.now()


def test_saving_takes_one_query_more_than_without_a_log(alice: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        StatusChange.objects.create(user=alice, text="Hello")
    inserts = [query["sql"] for query in queries if query["sql"].startswith("INSERT")]
    assert len(inserts) == 3  # the event, its kind's part, and the change
    assert log.state().waiting
