"""Deleting events in the admin."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.models import Comment, StatusChange
from tests.feed.recorded import KINDS, changes, forget_changes
from tests.support.kinds import Announcement

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.usefixtures("empty_log")]


def test_the_admin_deletes_any_selection_and_records_each_event_once(admin_client: Client, alice: User) -> None:
    saved = [kind.objects.create(user=alice, **fields) for kind, fields, _ in KINDS]
    saved.append(Comment.objects.create(user=alice, thread=saved[0], text="about the first"))
    saved.append(Comment.objects.create(user=alice, thread=saved[1], text="about the second"))
    keys = [event.pk for event in saved[:-1]]  # the last comment is deleted with its thread
    forget_changes()
    form = {"action": "delete_selected", "_selected_action": [str(key) for key in keys]}
    assert admin_client.post("/admin/feed/event/", form).status_code == 200
    assert admin_client.post("/admin/feed/event/", form | {"post": "yes"}).status_code == 302
    assert sorted(changes()) == sorted(("deleted", event.pk, event.kind) for event in saved)


def test_the_admin_deletes_the_events_of_a_kind_that_has_children(admin_client: Client, alice: User) -> None:
    keys = [model.objects.create(user=alice, text="a").pk for model in (StatusChange, Announcement, StatusChange)]
    forget_changes()
    form = {"action": "delete_selected", "_selected_action": [str(key) for key in keys], "post": "yes"}
    assert admin_client.post("/admin/feed/statuschange/", form).status_code == 302
    assert len(changes()) == len(keys)
    assert not StatusChange.objects.exists()
