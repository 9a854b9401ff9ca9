"""Editing over HTTP, when the text has been changed since the form was opened."""

import re

import pytest
from django.test import Client

from feed.models import StatusChange

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def opened(client: Client, event: StatusChange) -> str:
    """The version in the form, as its page shows it."""
    return version_in(client.get(f"/events/{event.pk}/edit/").content.decode())


def version_in(page: str) -> str:
    found = re.search(r'name="version" value="(\w+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_edit_of_an_old_text_is_refused_with_both_texts_and_can_be_sent_again(
    as_alice: Client, hello: StatusChange, headers: dict[str, str]
) -> None:
    path, version = f"/events/{hello.pk}/edit/", opened(as_alice, hello)
    as_alice.post(path, {"text": "Theirs"})
    response = as_alice.post(path, {"text": "Mine", "version": version}, headers=headers)
    page = response.content.decode()
    assert response.status_code == 409
    assert "It was changed meanwhile" in page
    assert "Mine</textarea>" in page
    assert '<blockquote class="text">Theirs</blockquote>' in page
    hello.refresh_from_db()
    assert hello.text == "Theirs"

    as_alice.post(path, {"text": "Mine", "version": version_in(page)}, headers=headers)
    hello.refresh_from_db()
    assert hello.text == "Mine"


def test_an_edit_that_is_sent_twice_is_no_conflict(as_alice: Client, hello: StatusChange) -> None:
    path, version = f"/events/{hello.pk}/edit/", opened(as_alice, hello)
    for _ in range(2):
        assert as_alice.post(path, {"text": "Mine", "version": version}).status_code == 302


def test_only_a_change_of_the_text_is_a_conflict(as_alice: Client, hello: StatusChange) -> None:
    path, version = f"/events/{hello.pk}/edit/", opened(as_alice, hello)
    as_alice.post(path, {"text": "Hello", "audience": "only:alice"})
    assert as_alice.post(path, {"text": "Mine", "version": version, "audience": "public"}).status_code == 302
    hello.refresh_from_db()
    assert (hello.text, hello.audience) == ("Mine", "public")


def test_without_a_version_the_last_one_wins(as_alice: Client, hello: StatusChange) -> None:
    assert as_alice.post(f"/events/{hello.pk}/edit/", {"text": "Mine"}).status_code == 302
