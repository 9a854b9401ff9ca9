"""An event that takes the key of another one is never shown with the other's row."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.models import StatusChange

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def home(client: Client) -> str:
    return client.get("/").content.decode()


def test_an_event_with_the_key_of_a_deleted_one_has_its_own_row(client: Client, alice: User) -> None:
    pk = StatusChange.objects.create(user=alice, text="deleted").pk
    assert "deleted" in home(client)
    StatusChange.objects.filter(pk=pk).delete()
    StatusChange.objects.create(pk=pk, user=alice, text="created")
    assert "created" in home(client)
    assert "deleted" not in home(client)


def test_an_event_saved_over_another_one_has_its_own_row(client: Client, alice: User) -> None:
    old = StatusChange.objects.create(user=alice, text="before")
    assert "before" in home(client)
    StatusChange(pk=old.pk, user=alice, text="after", created_at=old.created_at).save()
    assert "after" in home(client)
    assert "before" not in home(client)
