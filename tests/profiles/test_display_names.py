"""A name beside the handle: shown first, never one that passes for somebody else."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feed import log
from feed.frames.rows import render_row
from feed.models import Comment, Event, StatusChange
from profiles.models import UserProfile
from tests.conftest import logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def page(client: Client, path: str = "/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def name_her(client: Client, name: str) -> Any:
    return client.post("/profile/", {"display_name": name, "website": "", "bio": ""})


def test_rows_show_the_name_and_the_handle(as_alice: Client, hello: StatusChange) -> None:
    assert "@alice" not in page(as_alice)
    assert name_her(as_alice, "  Alice   Example ").status_code == 302
    html = page(as_alice)
    assert html.count(">Alice Example</a>") == 2, "Her post, and her welcome."
    assert html.count('<span class="handle">@alice</span>') == 2
    assert "<title>Alice Example (@alice)" in page(as_alice, "/people/alice/")


def test_without_a_name_the_handle_is_shown_once(as_alice: Client, hello: StatusChange) -> None:
    assert name_her(as_alice, "alice").status_code == 302
    assert UserProfile.objects.get().display_name == ""
    assert "@alice" not in page(as_alice)


def test_a_new_name_shows_at_the_next_load(client: Client, as_alice: Client, hello: StatusChange) -> None:
    for name in ("Alice One", "Alice Two"):
        name_her(as_alice, name)
        assert page(client).count(f">{name}</a>") == 2


@pytest.mark.parametrize(
    "name",
    [
        "Alice\u202eecilA",
        "Ali\u200bce",
        "Al\x07ice",
        "\u3164",
        "...",
        "\u0410lice",
        "System",
        "bob",
        "BOB",
        "\uff22\uff4f\uff42",
        "x" * 51,
    ],
)
def test_a_name_that_hides_something_or_is_somebody_elses_is_refused(as_alice: Client, name: str) -> None:
    User.objects.create_user("bob")
    assert name_her(as_alice, name).status_code == 422
    assert not UserProfile.objects.exclude(display_name="").exists()


@pytest.mark.parametrize("name", ["Alice", "Zoë Müller-O'Neill", "Алиса", "أليس", "愛麗絲", "Alice 2", "x" * 50])
def test_names_of_all_scripts_are_accepted(as_alice: Client, name: str) -> None:
    assert name_her(as_alice, name).status_code == 302


def test_markup_in_a_name_is_shown_as_text(as_alice: Client, hello: StatusChange) -> None:
    name_her(as_alice, "<b>Alice</b>")
    for path in ("/", "/people/alice/", "/people/", "/profile/"):
        assert "<b>Alice</b>" not in page(as_alice, path)
    assert "&lt;b&gt;Alice&lt;/b&gt;" in page(as_alice)


def test_portraits_cost_no_query_for_each_row(client: Client) -> None:
    def queries(people: range) -> int:
        """How many the front page makes after these people have posted."""
        for number in people:
            person = User.objects.create_user(f"user{number}")
            UserProfile.objects.filter(user=person).update(display_name=f"Person {number}", picture="abc")
            hello = StatusChange.objects.create(user=person, text="Hello")
            Comment.objects.create(user=person, thread=hello, text="Hi!")
        log.number()
        with CaptureQueriesContext(connection) as captured:
            page(client)
        return len(captured)

    page(client)  # which also asks what pages ask only now and then
    assert queries(range(2)) == queries(range(2, 8))
    html = page(client)
    assert all(f'src="/people/user{number}/avatar/abc-64.webp"' in html for number in range(1, 8))


def test_the_hub_loads_portraits_together_with_events(alice: User, django_assert_num_queries: Any) -> None:
    UserProfile.objects.update(display_name="Alice Example")
    StatusChange.objects.create(user=alice, text="Hello")
    StatusChange.objects.create(user=None, text="Nobody")
    events = list(Event.objects.with_users())
    with django_assert_num_queries(0):
        rows = "".join(map(render_row, events))
    assert rows.count("Alice Example") == 2


def test_quotes_answers_and_folded_rows_use_the_name(client: Client, alice: User, hello: StatusChange) -> None:
    UserProfile.objects.filter(user=alice).update(display_name="Alice Example")
    bob = User.objects.create_user("bob")
    comment = Comment.objects.create(user=alice, thread=hello, text="Is anybody there?")
    Comment.objects.create(user=bob, thread=hello, reply_to=comment, text="I am.")
    log.number()
    row = page(client).split('class="event comment')[1]
    assert '<b dir="auto" data-name="alice">Alice Example</b> Hello' in row
    assert "replied to Alice Example" in row
    assert '<span class="others"> and Alice Example</span>' in row


def test_users_without_a_profile_are_shown_by_their_handle(client: Client, hello: StatusChange) -> None:
    UserProfile.objects.all().delete()
    assert ">alice</a>" in page(client)
    (event,) = StatusChange.objects.with_users()
    assert ">alice</a>" in render_row(event)


def test_bob_cannot_rename_alice(alice: User) -> None:
    bob = logged_in(User.objects.create_user("bob"))
    assert bob.post("/profile/", {"display_name": "Owned", "user": alice.pk}).status_code == 302
    assert UserProfile.objects.get(user=alice).display_name == ""


def test_a_biography_says_how_long_it_may_be_and_is_never_cut(as_alice: Client) -> None:
    html = page(as_alice, "/profile/")
    field = html[html.index('<textarea name="bio"') :].partition(">")[0]
    assert 'data-limit="500"' in field
    assert "maxlength" not in field
    refused = as_alice.post("/profile/", {"bio": "x" * 501})
    assert refused.status_code == 422
    assert "x" * 501 in refused.content.decode()
    of_two_lines = "x" * 250 + "\r\n" + "y" * 249
    assert as_alice.post("/profile/", {"bio": of_two_lines}).status_code == 302


@pytest.mark.parametrize("name", ["@bob", "@ Bob", "@System"])
def test_no_name_passes_for_the_handle_of_somebody_else(as_alice: Client, bob: User, name: str) -> None:
    assert name_her(as_alice, name).status_code == 422
    assert UserProfile.objects.get(user__username="alice").display_name == ""
