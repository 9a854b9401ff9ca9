"""Django's idioms work on events as on any model, and their changes are recorded."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, F
from django.db.models.functions import Concat, Upper

from feed.models import Comment, Event, StatusChange
from tests.feed.recorded import changes, forget_changes
from tests.support.kinds import Announcement

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("empty_log")]


def managers(alice: User) -> dict[str, Any]:
    return {
        "root": Event.objects,
        "kind": StatusChange.objects,
        "child": Announcement.objects,
        "rows": StatusChange.rows,
        "relation": alice.feed_events,
    }


@pytest.mark.parametrize("manager", ["root", "kind", "child", "rows", "relation"])
def test_select_for_update_works_on_every_manager(alice: User, manager: str) -> None:
    pk = Announcement.objects.create(user=alice, text="Soon").pk
    StatusChange.objects.create(user=alice, text="Hello")
    with transaction.atomic():
        assert managers(alice)[manager].select_for_update().get(pk=pk).pk == pk
        assert managers(alice)[manager].select_for_update().filter(pk=pk).first().pk == pk


@pytest.mark.parametrize("model", [StatusChange, Announcement])
def test_update_or_create_records_the_creation_and_the_update(alice: User, model: type[StatusChange]) -> None:
    name = model.kind_name()
    event, created = model.objects.update_or_create(user=alice, defaults={"text": "one"})
    assert created
    again, created = model.objects.update_or_create(user=alice, defaults={"text": "two"})
    assert (again, created) == (event, False)
    assert changes() == [("created", event.pk, name), ("updated", event.pk, name)]
    assert model.objects.get().text == "two"
    alice.feed_events.update_or_create(pk=event.pk, defaults={"edited_at": None})


def test_events_can_be_loaded_in_part(alice: User) -> None:
    Announcement.objects.create(user=alice, text="Soon")
    for events in [
        Event.objects.only("created_at"),
        Event.objects.defer("created_at"),
        StatusChange.objects.only("text"),
    ]:
        assert {event.user for event in events} == {alice}
    with pytest.raises(Event.DoesNotExist):
        Event.objects.only("kind").get(pk=0)


@pytest.mark.parametrize(
    "load",
    [
        lambda: StatusChange.objects.only("text").get(),
        lambda: StatusChange.rows.only("text").get(),
        lambda: StatusChange.objects.defer("kind", "edited_at").get(),
        StatusChange.objects.get,
        lambda: Event.objects.only("kind").get(kind="status_change"),
        lambda: Event.rows.get(kind="status_change"),
    ],
    ids=["one field", "one field of a row", "without two fields", "whole", "one field of the root", "root row"],
)
def test_saving_an_event_that_was_loaded_in_part_records_an_update(alice: User, load: Any) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    forget_changes()
    event = load()
    event.save()
    saved = StatusChange.objects.get()
    assert (saved.kind, saved.text, saved.edited_at is not None) == ("status_change", "Hello", True)
    assert changes() == [("updated", event.pk, "status_change")]


def test_an_update_may_use_annotations(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="hello")
    other = StatusChange.objects.create(user=alice, text="other")
    Comment.objects.create(user=alice, thread=status, text="Hi!")
    forget_changes()
    assert StatusChange.objects.alias(upper=Upper("text")).filter(pk=status.pk).update(text=F("upper")) == 1
    assert (
        StatusChange.objects.annotate(doubled=Concat("text", "text"))
        .filter(doubled="otherother")
        .update(text=F("doubled"))
        == 1
    )
    assert StatusChange.objects.annotate(count=Count("comments")).filter(count__gt=0).update(text="commented") == 1
    assert sorted(StatusChange.objects.values_list("text", flat=True)) == ["commented", "otherother"]
    assert [pk for _, pk, _ in changes()] == [status.pk, other.pk, status.pk]


def test_an_update_without_fields_records_nothing_and_one_of_a_slice_raises(alice: User) -> None:
    StatusChange.objects.create(user=alice, text="hello")
    forget_changes()
    assert StatusChange.objects.update() == 0
    with pytest.raises(TypeError, match="slice"):
        StatusChange.objects.all()[:1].update(text="no")
    assert changes() == []


def test_annotations_and_related_objects_are_loaded_with_events_of_any_kind(
    alice: User, django_assert_num_queries: Any
) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    Comment.objects.create(user=alice, thread=status, text="Hi!")
    (found,) = Event.objects.annotate(count=Count("comments")).filter(count=1).select_related("user")
    assert (type(found), found.count) == (StatusChange, 1)
    events = list(
        Event.objects.filter(kind__in=["status_change", "comment"]).order_by("pk").prefetch_related("comments", "user")
    )
    with django_assert_num_queries(0):
        assert [len(event.comments.all()) for event in events] == [1, 0]
        assert {event.user for event in events} == {alice}
    assert [type(event) for event in Event.objects.filter(user=alice).order_by("pk").iterator(1)][1:] == [
        StatusChange,
        Comment,
    ]


def test_a_copy_made_as_django_documents_is_created_and_not_edited(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    status.save()
    first = status.pk
    status.pk = status.id = None
    status._state.adding = True
    status.save()
    assert status.pk != first
    assert StatusChange.objects.get(pk=status.pk).edited_at is None
    assert StatusChange.objects.get(pk=first).edited_at is not None
    assert changes()[-1] == ("created", status.pk, "status_change")


def test_saving_over_a_row_sets_edited_at_and_restoring_a_deleted_row_does_not(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    over = StatusChange(pk=status.pk, user=alice, text="Hello again", created_at=status.created_at)
    over.save()
    assert StatusChange.objects.get().edited_at is not None
    loaded = StatusChange.objects.get()
    StatusChange.objects.all().delete()
    loaded.save()
    assert StatusChange.objects.get().edited_at is None
    assert [action for action, _, _ in changes()] == ["created", "updated", "deleted", "created"]


def test_a_row_that_is_promoted_to_a_child_kind_gets_that_kind(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Soon")
    promoted = Announcement(statuschange_ptr=status)
    vars(promoted).update({name: value for name, value in vars(status).items() if name != "_state"})
    promoted.save()
    assert type(Event.objects.get(pk=status.pk)) is Announcement
    assert changes()[-1][2] == "announcement"
    Event.rows.get(pk=status.pk).save()
    StatusChange.rows.get(pk=status.pk).save()
    assert Event.rows.get(pk=status.pk).kind == "announcement"
