"""Edits and deletions that are sent again because the first response was lost."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.models import StatusChange

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(("headers", "status"), [({}, 302), (HTMX, 204)])
def test_a_deletion_that_is_sent_again_succeeds(
    as_alice: Client, alice: User, headers: dict[str, str], status: int
) -> None:
    hello = StatusChange.objects.create(user=alice, text="Hello")
    path = f"/events/{hello.pk}/delete/"
    for _ in range(3):
        assert as_alice.post(path, headers=headers).status_code == status
    assert not StatusChange.objects.exists()
    assert as_alice.get(path).status_code == 404


@pytest.mark.parametrize(("headers", "status"), [({}, 302), (HTMX, 204)])
def test_an_edit_that_is_sent_again_succeeds(
    as_alice: Client, alice: User, headers: dict[str, str], status: int
) -> None:
    hello = StatusChange.objects.create(user=alice, text="Hello")
    for _ in range(3):
        response = as_alice.post(f"/events/{hello.pk}/edit/", {"text": "Hello, world"}, headers=headers)
        assert response.status_code == status
    assert StatusChange.objects.get().text == "Hello, world"
