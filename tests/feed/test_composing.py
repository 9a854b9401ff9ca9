"""The rows of a form: while its text is sent, and with the response."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.composing import posted_rows, sending_row
from feed.models import Comment, StatusChange

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def test_the_row_of_a_text_that_is_sent_is_that_of_its_author(alice: User, hello: StatusChange) -> None:
    row = sending_row(alice, None)
    assert 'id="event-0"' in row
    assert 'data-user="alice"' in row
    assert 'class="event status_change ' in row
    assert 'class="event comment ' in sending_row(alice, hello)


def test_rows_of_texts_that_are_sent_need_no_query(
    alice: User, hello: StatusChange, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        sending_row(alice, None)
        sending_row(alice, hello)


def test_the_response_to_htmx_brings_the_row_also_when_the_post_is_repeated(as_alice: Client) -> None:
    for _ in range(2):
        page = as_alice.post("/events/", {"text": "Hello", "key": "a"}, headers=HTMX).content.decode()
        row = f'<hx-partial hx-target="#incoming" hx-swap="prepend"><article id="event-{StatusChange.objects.get().pk}"'
        assert row in page
    StatusChange.objects.all().delete()
    assert "hx-partial" not in as_alice.post("/events/", {"text": "Hello", "key": "a"}, headers=HTMX).content.decode()


def test_the_response_to_a_comment_brings_its_row(as_bob: Client, hello: StatusChange) -> None:
    page = as_bob.post(f"/events/{hello.pk}/comments/", {"text": "Hi!"}, headers=HTMX).content.decode()
    assert f'<article id="event-{Comment.objects.get().pk}"' in page


def test_nobody_gets_a_row_that_is_not_for_them(as_bob: Client, alice: User) -> None:
    private = StatusChange.objects.create(user=alice, text="Mine", audience="only:alice")
    assert posted_rows(User.objects.get(username="bob"), private.pk) == []
    assert len(posted_rows(alice, private.pk)) == 1


def test_a_comment_that_is_refused_without_scripts_is_shown_in_its_thread(as_bob: Client, hello: StatusChange) -> None:
    path = f"/events/{hello.pk}/comments/"
    response = as_bob.post(path, {"text": "x" * 2001})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Hello</" in page
    assert 'aria-invalid="true"' in page
    assert "x" * 2001 in page
    again = as_bob.get(f"{path}?before=99")  # the links of that page are relative
    assert again.headers["Location"] == f"/events/{hello.pk}/?before=99"


def test_a_post_that_is_refused_without_scripts_is_shown_on_the_feed(as_bob: Client, hello: StatusChange) -> None:
    response = as_bob.post("/events/", {"text": ""})
    assert response.status_code == 422
    assert "Hello</" in response.content.decode()
    assert as_bob.get("/events/").headers["Location"] == "/?"
