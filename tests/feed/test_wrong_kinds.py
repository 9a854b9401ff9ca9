"""Rows whose kind is wrong: their deletion is recorded, and repair_events corrects them."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import models

from feed import repair
from feed.models import Event, StatusChange
from tests.feed.recorded import KINDS, changes, forget_changes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("empty_log")]


def set_kind(event: Event, kind: str) -> None:
    """Write the kind without any check, as a data migration, a fixture or SQL might."""
    models.QuerySet(Event).filter(pk=event.pk).update(kind=kind)


@pytest.mark.parametrize("kind", ["", "gone", "comment", "event", "announcement"])
@pytest.mark.parametrize("by", ["root", "kind", "query", "user"])
def test_the_deletion_of_an_event_with_a_wrong_kind_is_recorded_once(alice: User, kind: str, by: str) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    set_kind(status, kind)
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


def test_the_deletion_of_a_bare_event_with_a_wrong_kind_is_recorded(alice: User) -> None:
    event = Event.objects.create(user=alice)
    set_kind(event, "status_change")
    forget_changes()
    Event.rows.get(pk=event.pk).delete()
    assert changes() == [("deleted", event.pk, "status_change")]


def test_repair_events_finds_and_repairs_wrong_kinds(alice: User) -> None:
    saved = [kind.objects.create(user=alice, **fields) for kind, fields, _ in KINDS]
    for event, kind in zip(saved, ["", "gone", "comment", "announcement", "event", "welcome"], strict=True):
        set_kind(event, kind)
    unknown = Event.objects.create(user=alice)
    set_kind(unknown, "of_another_release")
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
