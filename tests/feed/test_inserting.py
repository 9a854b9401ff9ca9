"""`bulk_create`: many events of one kind in a few statements, each of them recorded."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import IntegrityError, NotSupportedError, connection, transaction
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from feed import log
from feed.models import Activity, Comment, Event, StatusChange
from tests.feed.recorded import changes, every_kind
from tests.feed.sockets import connect, texts
from tests.support.kinds import Announcement, Deploy, Slogan

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.database,
    pytest.mark.usefixtures("empty_log"),
]


@every_kind
def test_events_of_each_kind_are_inserted_and_recorded_in_order(
    alice: User, kind: type[Event], fields: dict[str, Any], name: str, rings: list[tuple[int, str]]
) -> None:
    events = [kind(user=alice, **fields) for _ in range(3)]
    assert kind.objects.bulk_create(events) == events
    pks = [event.pk for event in events]
    assert pks == sorted(pks)
    assert changes() == [("created", pk, name) for pk in pks]
    assert rings == [(pks[0], str(events[0]))]
    for event, loaded in zip(events, Event.objects.filter(pk__in=pks).order_by("pk"), strict=True):
        assert (event._state.adding, event.edited_at, event.changed_at) == (False, None, None)
        assert (loaded.kind, loaded.edited_at, loaded.changed_at) == (name, None, None)
        assert {field: getattr(loaded, field) for field in fields} == fields
        assert event.pk == event.id == loaded.pk


def test_a_thousand_events_take_a_few_statements(alice: User) -> None:
    keys = [User.objects.create(username=f"user {number}").pk for number in range(5)]
    log.Change.objects.all().delete()
    events = [Deploy(user_id=keys[number % 5], service=f"s{number}") for number in range(1000)]
    with CaptureQueriesContext(connection) as queries:
        Deploy.objects.bulk_create(events)
    assert len(queries) <= 30
    services = (
        Deploy.rows.filter(pk__in=[event.pk for event in events]).order_by("pk").values_list("service", flat=True)
    )
    assert list(services) == [f"s{number}" for number in range(1000)]
    assert [pk for _, pk, _ in changes()] == [event.pk for event in events]


def test_a_batch_size_is_kept(alice: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        StatusChange.objects.bulk_create([StatusChange(user=alice, text=text) for text in "abcde"], batch_size=2)
    inserts = [query["sql"] for query in queries if 'INTO "feed_statuschange"' in query["sql"]]
    assert len(inserts) == 3
    with pytest.raises(ValueError, match="positive"):
        StatusChange.objects.bulk_create([StatusChange(user=alice, text="a")], batch_size=0)


def test_grandchildren_get_a_row_in_each_table(alice: User) -> None:
    made = [Announcement(user=alice, text=text, until=date(2030, 1, 1)) for text in "ab"]
    Event.objects.bulk_create(made)
    assert [(each.text, each.until) for each in Announcement.objects.order_by("pk")] == [
        ("a", date(2030, 1, 1)),
        ("b", date(2030, 1, 1)),
    ]
    assert StatusChange.objects.filter(text__in="ab").count() == 2


def test_fields_that_are_set_at_insert_are_set(alice: User) -> None:
    (slogan,) = Slogan.objects.bulk_create([Slogan(user=alice, text="a")])
    assert slogan.shown_at == Slogan.objects.get().shown_at


def test_an_event_may_bring_its_key(alice: User) -> None:
    first, second, third = (StatusChange(user=alice, text=text) for text in "abc")
    second.pk = second.id = 10**6
    StatusChange.objects.bulk_create([first, second, third])
    assert second.pk == 10**6
    assert [pk for _, pk, _ in changes()] == [first.pk, second.pk, third.pk]
    assert StatusChange.objects.get(pk=10**6).text == "b"


def test_nothing_is_done_for_no_events(rings: list[tuple[int, str]]) -> None:
    assert StatusChange.objects.bulk_create([]) == []
    assert StatusChange.objects.bulk_create(iter([])) == []
    assert (changes(), rings) == ([], [])


def test_a_rollback_takes_all_events_with_it(alice: User) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        StatusChange.objects.bulk_create([StatusChange(user=alice, text="never")])
        raise ZeroDivisionError
    assert changes() == []
    assert not StatusChange.objects.exists()


def test_if_one_event_fails_none_is_inserted(alice: User) -> None:
    with pytest.raises(IntegrityError):
        Activity.objects.bulk_create([Activity(user=alice, verb="v", key="same") for _ in range(2)])
    assert changes() == []
    assert Event.objects.filter(user=alice).count() == 1  # alice's welcome


def test_events_of_several_classes_are_refused(alice: User) -> None:
    with pytest.raises(ValueError, match=r"of one class, not of several: Deploy, StatusChange"):
        Event.objects.bulk_create([Deploy(user=alice), StatusChange(user=alice)])
    with pytest.raises(ValueError, match=r"Comment.objects.bulk_create\(\) can't create events of the class Deploy"):
        Comment.objects.bulk_create([Deploy(user=alice)])


def test_an_unsaved_related_object_is_refused(alice: User) -> None:
    thread = StatusChange(user=alice, text="not saved")
    with pytest.raises(ValueError, match="unsaved related object 'thread'"):
        Comment.objects.bulk_create([Comment(user=alice, text="a", thread=thread)])


@pytest.mark.parametrize(
    "options",
    [{"ignore_conflicts": True}, {"update_conflicts": True, "update_fields": ["text"], "unique_fields": ["pk"]}],
)
def test_conflicts_can_not_be_ignored_or_updated(alice: User, options: dict[str, Any]) -> None:
    with pytest.raises(NotSupportedError, match="must know which events are new"):
        StatusChange.objects.bulk_create([StatusChange(user=alice, text="a")], **options)


@pytest.fixture
def saved_signals() -> Iterator[list[Any]]:
    signals: list[Any] = []

    def note(instance: Any, **kwargs: Any) -> None:
        signals.append(instance)

    post_save.connect(note)
    yield signals
    post_save.disconnect(note)


def test_no_post_save_is_sent(alice: User, saved_signals: list[Any]) -> None:
    StatusChange.objects.bulk_create([StatusChange(user=alice, text="a")])
    assert saved_signals == []
    StatusChange.objects.create(user=alice, text="b")
    assert len(saved_signals) == 1


async def test_watchers_see_the_events_in_order(alice: User, closed_hub: None) -> None:
    async with connect() as watcher:
        await watcher.frame()
        events = [StatusChange(user=alice, text=text) for text in "abc"]
        await database_sync_to_async(StatusChange.objects.bulk_create)(events)
        assert texts(await watcher.frame()) == ["a", "b", "c"]


def test_async_code_can_insert_events(alice: User) -> None:
    made = async_to_sync(StatusChange.objects.all().abulk_create)([StatusChange(user=alice, text="a")])
    assert changes() == [("created", made[0].pk, "status_change")]


def test_a_deleted_event_can_be_inserted_again(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="a")
    status.save()
    status.delete()
    status.id = None
    StatusChange.objects.bulk_create([status])
    assert StatusChange.objects.get().edited_at is None
