"""Django's own idioms hold on events: what works on any model works on them, and is recorded."""

import json
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import models, transaction
from django.db.models import Count, F
from django.db.models.functions import Concat, Upper
from django.test import Client

from feed import repair
from feed.models import Comment, Event, StatusChange
from tests.feed.recorded import KINDS, changes, forget_changes
from tests.support.kinds import Announcement, Deploy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("empty_log")]


MODELS = [
    *("feed.event", "feed.statuschange", "feed.comment", "feed.announcement", "feed.deploy", "profiles.welcome"),
]


def described() -> list[dict[str, Any]]:
    """All that a dump has of all events; its times are in milliseconds, and a user may get another key."""

    def kept(value: Any) -> Any:
        return value.replace(microsecond=value.microsecond // 1000 * 1000) if isinstance(value, datetime) else value

    left_out = {"_state", "user_id", "_user_cache"}
    return [
        {"type": type(event), "user": event.user.username}
        | {name: kept(value) for name, value in vars(event).items() if name not in left_out}
        for event in Event.objects.order_by("pk")
    ]


@pytest.mark.parametrize(
    "natural",
    [[], ["--natural-foreign"], ["--natural-foreign", "--natural-primary"]],
    ids=["by keys", "natural foreign", "natural"],
)
@pytest.mark.parametrize(
    "labels",
    [["auth.user", "feed", "profiles"], ["profiles", "feed", "auth.user"], ["auth.user", *MODELS]],
    ids=["apps", "apps backwards", "models"],
)
def test_what_is_dumped_and_loaded_gives_the_same_events(
    alice: User, tmp_path: Path, natural: list[str], labels: list[str]
) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    Comment.objects.create(user=alice, thread=status, text="Hi!")
    Announcement.objects.create(user=alice, text="Soon")
    Deploy.objects.create(user=alice, service="web")
    status.save()
    before, recorded = described(), changes()
    file = tmp_path / "dump.json"
    call_command("dumpdata", *labels, *natural, output=str(file))
    roots = [row["pk"] for row in json.loads(file.read_text()) if row["model"] == "feed.event"]
    assert roots == [event["id"] for event in before]
    Event.objects.all().delete()
    User.objects.all().delete()
    forget_changes()
    call_command("loaddata", file, verbosity=0)
    assert described() == before
    assert [row for row in changes() if row[1] in roots] == (recorded if "feed" in labels else [])  # it has the log


def managers(alice: User) -> dict[str, Any]:
    return {
        "root": Event.objects,
        "kind": StatusChange.objects,
        "child": Announcement.objects,
        "rows": StatusChange.rows,
        "relation": alice.events,
    }


@pytest.mark.parametrize("manager", ["root", "kind", "child", "rows", "relation"])
def test_events_are_locked_as_on_any_model(alice: User, manager: str) -> None:
    pk = Announcement.objects.create(user=alice, text="Soon").pk
    StatusChange.objects.create(user=alice, text="Hello")
    with transaction.atomic():
        assert managers(alice)[manager].select_for_update().get(pk=pk).pk == pk
        assert managers(alice)[manager].select_for_update().filter(pk=pk).first().pk == pk


@pytest.mark.parametrize("model", [StatusChange, Announcement])
def test_update_or_create_does_both_and_records_both(alice: User, model: type[StatusChange]) -> None:
    name = model.kind_name()
    event, created = model.objects.update_or_create(user=alice, defaults={"text": "one"})
    assert created
    again, created = model.objects.update_or_create(user=alice, defaults={"text": "two"})
    assert (again, created) == (event, False)
    assert changes() == [("created", event.pk, name), ("updated", event.pk, name)]
    assert model.objects.get().text == "two"
    alice.events.update_or_create(pk=event.pk, defaults={"edited_at": None})


def test_some_fields_are_loaded_alone(alice: User) -> None:
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
def test_an_edit_is_told_as_an_edit_however_it_was_loaded(alice: User, load: Any) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    forget_changes()
    event = load()
    event.save()
    saved = StatusChange.objects.get()
    assert (saved.kind, saved.text, saved.edited_at is not None) == ("status_change", "Hello", True)
    assert changes() == [("updated", event.pk, "status_change")]


def test_an_update_may_use_what_was_annotated(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="hello")
    other = StatusChange.objects.create(user=alice, text="other")
    Comment.objects.create(user=alice, thread=status, text="Hi!")
    forget_changes()
    assert StatusChange.objects.alias(loud=Upper("text")).filter(pk=status.pk).update(text=F("loud")) == 1
    assert (
        StatusChange.objects.annotate(longer=Concat("text", "text"))
        .filter(longer="otherother")
        .update(text=F("longer"))
        == 1
    )
    assert StatusChange.objects.annotate(count=Count("comments")).filter(count__gt=0).update(text="commented") == 1
    assert sorted(StatusChange.objects.values_list("text", flat=True)) == ["commented", "otherother"]
    assert [pk for _, pk, _ in changes()] == [status.pk, other.pk, status.pk]


def test_an_update_of_nothing_records_nothing_and_one_of_a_slice_is_an_error(alice: User) -> None:
    StatusChange.objects.create(user=alice, text="hello")
    forget_changes()
    assert StatusChange.objects.update() == 0
    with pytest.raises(TypeError, match="slice"):
        StatusChange.objects.all()[:1].update(text="no")
    assert changes() == []


def test_annotations_and_relations_come_with_events_of_any_kind(alice: User, django_assert_num_queries: Any) -> None:
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


def test_a_copy_made_in_the_documented_way_is_new_and_not_edited(alice: User) -> None:
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


def test_what_is_saved_over_a_row_is_edited_and_what_is_brought_back_is_not(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    over = StatusChange(pk=status.pk, user=alice, text="Hello again", created_at=status.created_at)
    over.save()
    assert StatusChange.objects.get().edited_at is not None
    loaded = StatusChange.objects.get()
    StatusChange.objects.all().delete()
    loaded.save()
    assert StatusChange.objects.get().edited_at is None
    assert [action for action, _, _ in changes()] == ["created", "updated", "deleted", "created"]


def test_a_kind_that_is_made_of_a_row_of_its_parent_says_so(alice: User) -> None:
    status = StatusChange.objects.create(user=alice, text="Soon")
    promoted = Announcement(statuschange_ptr=status)
    vars(promoted).update({name: value for name, value in vars(status).items() if name != "_state"})
    promoted.save()
    assert type(Event.objects.get(pk=status.pk)) is Announcement
    assert changes()[-1][2] == "announcement"
    Event.rows.get(pk=status.pk).save()
    StatusChange.rows.get(pk=status.pk).save()
    assert Event.rows.get(pk=status.pk).kind == "announcement"


# What an event says of its kind.


def mistake(event: Event, kind: str) -> None:
    """As a data migration, a fixture or SQL might."""
    models.QuerySet(Event).filter(pk=event.pk).update(kind=kind)


@pytest.mark.parametrize("said", ["", "gone", "comment", "event", "announcement"])
@pytest.mark.parametrize("by", ["root", "kind", "query", "user"])
def test_a_deletion_is_recorded_once_whatever_an_event_says_of_its_kind(alice: User, said: str, by: str) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    mistake(status, said)
    forget_changes()
    match by:
        case "root":
            Event.rows.get(pk=status.pk).delete()
        case "kind":
            StatusChange.rows.get(pk=status.pk).delete()
        case "query":
            StatusChange.objects.filter(pk=status.pk).delete()
        case "user":
            alice.delete()
    assert [(action, pk) for action, pk, _ in changes() if pk == status.pk] == [("deleted", status.pk)]


def test_the_deletion_of_a_bare_row_is_recorded_whatever_it_says(alice: User) -> None:
    event = Event.objects.create(user=alice)
    mistake(event, "status_change")
    forget_changes()
    Event.rows.get(pk=event.pk).delete()
    assert changes() == [("deleted", event.pk, "status_change")]


def test_events_that_say_a_wrong_kind_are_found_and_repaired(alice: User) -> None:
    saved = [kind.objects.create(user=alice, **fields) for kind, fields, _ in KINDS]
    for event, said in zip(saved, ["", "gone", "comment", "announcement", "event", "welcome"], strict=True):
        mistake(event, said)
    left = Event.objects.create(user=alice)
    mistake(left, "of_another_release")
    forget_changes()
    assert {"", "gone"} < set(repair.kinds_in_use())
    output = StringIO()
    call_command("repair_events", stdout=output)
    assert [Event.objects.get(pk=event.pk).kind for event in saved] == [name for _, _, name in KINDS]
    assert sorted(changes()) == sorted(
        ("created", event.pk, name) for event, (_, _, name) in zip(saved, KINDS, strict=True)
    )
    assert "'gone' now have the kind 'announcement'" in output.getvalue()
    assert "1 events have the kind 'of_another_release', which no installed app defines" in output.getvalue()
    assert repair.repair() == {}


# The admin.


def test_the_admin_deletes_any_selection_and_each_event_is_told_once(admin_client: Client, alice: User) -> None:
    saved = [kind.objects.create(user=alice, **fields) for kind, fields, _ in KINDS]
    saved.append(Comment.objects.create(user=alice, thread=saved[0], text="about the first"))
    saved.append(Comment.objects.create(user=alice, thread=saved[1], text="about the second"))
    keys = [event.pk for event in saved[:-1]]  # the last goes with what it is about
    forget_changes()
    chosen = {"action": "delete_selected", "_selected_action": [str(key) for key in keys]}
    assert admin_client.post("/admin/feed/event/", chosen).status_code == 200
    assert admin_client.post("/admin/feed/event/", chosen | {"post": "yes"}).status_code == 302
    assert sorted(changes()) == sorted(("deleted", event.pk, event.kind) for event in saved)


def test_the_admin_deletes_the_events_of_a_kind_that_has_children(admin_client: Client, alice: User) -> None:
    keys = [model.objects.create(user=alice, text="a").pk for model in (StatusChange, Announcement, StatusChange)]
    forget_changes()
    chosen = {"action": "delete_selected", "_selected_action": [str(key) for key in keys], "post": "yes"}
    assert admin_client.post("/admin/feed/statuschange/", chosen).status_code == 302
    assert len(changes()) == len(keys)
    assert not StatusChange.objects.exists()
