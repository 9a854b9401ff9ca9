"""The pages over HTTP, for alice, who owns an event, for bob, and for a visitor who isn't logged in."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from feed import log
from feed.admin import register_kinds
from feed.models import Activity, Comment, Event, StatusChange
from tests.support.kinds import Announcement, Deploy, Slogan, Temperature

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def page(client: Client, path: str = "/", **headers: Any) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_the_feed_shows_the_newest_events_and_its_cursor(client: Client, hello: StatusChange) -> None:
    state = log.number()
    html = page(client)
    assert f'id="event-{hello.pk}"' in html
    assert f'id="cursor" name="after" value="{state.head}"' in html
    assert state.epoch in html
    assert 'id="feed" role="feed"' in html


def test_the_cursor_is_read_before_the_events(client: Client, posted_in_between: int) -> None:
    """An event posted in between is on the page, and arrives again on its websocket."""
    html = page(client)
    assert "in between" in html
    assert f'name="after" value="{posted_in_between}"' in html


def test_only_a_logged_in_user_gets_the_compose_form(client: Client, as_alice: Client) -> None:
    assert 'id="compose"' not in page(client)
    assert 'id="compose"' in page(as_alice)


def test_the_number_of_queries_depends_only_on_the_kinds_that_are_shown(
    as_alice: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        person = User.objects.create_user(f"user{number}")
        status = StatusChange.objects.create(user=person, text="Hello")
        Comment.objects.create(user=alice, thread=status, text="Hi!")
        Announcement.objects.create(user=person, text="Soon")
        Temperature.objects.create(user=person, value=20)
        Deploy.objects.create(user=alice, service="web")
    log.number()
    # Session, user, profile, log, presence, whom she follows, what she mutes, the bell, events; six kinds; what rows
    # show beside.
    with django_assert_max_num_queries(9 + 6 + 9):
        assert page(as_alice).count("<article") == 30
    with django_assert_max_num_queries(9 + 1):  # the events in two parts, because some stand for others
        assert page(as_alice).count("<article") == 30


def test_older_events_are_a_fragment_for_htmx_and_a_page_otherwise(client: Client, alice: User) -> None:
    events = [StatusChange.objects.create(user=alice, text=f"post {number}") for number in range(40)]
    before = events[10].pk
    whole, fragment = page(client, f"/?before={before}"), page(client, f"/?before={before}", **HTMX)
    for html in (whole, fragment):
        assert "post 9" in html
        assert "post 10" not in html
    assert "<html" in whole
    assert "<html" not in fragment
    assert 'hx-ws:send hx-trigger="load"' in fragment
    assert "HX-Request" in client.get("/").headers["Vary"]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, ""])
def test_a_page_before_an_invalid_id_is_not_found(client: Client, before: str) -> None:
    assert client.get(f"/?before={before}").status_code == 404


def test_posting_without_htmx_redirects_to_the_feed(as_alice: Client) -> None:
    response = as_alice.post("/events/", {"text": "Hello\r\nworld"})
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert StatusChange.objects.get().text == "Hello\nworld"


def test_posting_with_htmx_returns_an_empty_form_and_the_row(as_alice: Client) -> None:
    response = as_alice.post("/events/", {"text": "Hello"}, headers=HTMX)
    assert response.status_code == 200
    form, row = response.content.decode().split("</form>")
    assert "Hello" not in form
    assert "Hello</" in row


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2001, "nul\0"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_invalid_text_gets_an_error_at_its_field(as_alice: Client, text: str, headers: dict[str, str]) -> None:
    response = as_alice.post("/events/", {"text": text}, headers=headers)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    assert StatusChange.objects.count() == 0


def test_a_text_may_have_2000_characters_of_four_bytes(as_alice: Client) -> None:
    assert as_alice.post("/events/", {"text": "\N{WATER WAVE}" * 2000}).status_code == 302


def test_an_event_is_shown_with_its_comments_oldest_first(client: Client, alice: User, hello: StatusChange) -> None:
    for text in ("first", "second"):
        Comment.objects.create(user=alice, thread=hello, text=text)
    StatusChange.objects.create(user=alice, text="elsewhere")
    html = page(client, f"/events/{hello.pk}/")
    assert html.index("Hello</div>") < html.index("first") < html.index("second")
    assert "elsewhere" not in html
    assert f"stream=thread%3A{hello.pk}" in html


def test_bob_comments_on_alices_post(as_bob: Client, hello: StatusChange) -> None:
    response = as_bob.post(f"/events/{hello.pk}/comments/", {"text": "Hi!"})
    assert (response.status_code, response.headers["Location"]) == (302, f"/events/{hello.pk}/")
    comment = Comment.objects.get()
    assert (comment.user.username, comment.thread_id) == ("bob", hello.pk)


def test_alice_edits_her_post(as_alice: Client, hello: StatusChange) -> None:
    assert "Hello" in page(as_alice, f"/events/{hello.pk}/edit/")
    assert as_alice.post(f"/events/{hello.pk}/edit/", {"text": ""}).status_code == 422
    assert as_alice.post(f"/events/{hello.pk}/edit/", {"text": "Hello!"}).status_code == 302
    hello.refresh_from_db()
    assert hello.text == "Hello!"
    assert hello.edited_at
    assert as_alice.post(f"/events/{hello.pk}/edit/", {"text": "Again"}, headers=HTMX).status_code == 204


def test_alice_deletes_her_post(as_alice: Client, hello: StatusChange) -> None:
    page(as_alice, f"/events/{hello.pk}/delete/")
    assert StatusChange.objects.count() == 1
    assert as_alice.post(f"/events/{hello.pk}/delete/").status_code == 302
    assert StatusChange.objects.count() == 0


@pytest.mark.parametrize("path", ["/events/{}/", "/events/{}/edit/", "/events/{}/delete/"])
def test_an_unknown_event_is_not_found(as_alice: Client, hello: StatusChange, path: str) -> None:
    assert as_alice.get(path.format(hello.pk + 1)).status_code == 404
    assert as_alice.get(path.format(10**30)).status_code == 404


def test_a_welcome_cannot_be_edited(as_alice: Client) -> None:
    welcome = Event.objects.get(kind="welcome")
    assert as_alice.get(f"/events/{welcome.pk}/edit/").status_code == 404


def test_an_edit_respects_the_maximum_length_of_its_kind(as_alice: Client, alice: User) -> None:
    slogan = Slogan.objects.create(user=alice, text="Short")
    response = as_alice.post(f"/events/{slogan.pk}/edit/", {"text": "far too long"})
    assert response.status_code == 422
    slogan.refresh_from_db()
    assert slogan.text == "Short"


def test_the_admin_needs_no_query_for_each_event(
    admin_client: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        StatusChange.objects.create(user=User.objects.create_user(f"user{number}"), text="Hello")
    with django_assert_max_num_queries(14):
        page(admin_client, "/admin/feed/event/")


def test_every_kind_can_be_added_in_the_admin(admin_client: Client) -> None:
    for kind in Event.kinds().values():
        if kind not in (Event, Activity):  # what is published is changed by its publisher
            page(admin_client, f"/admin/{kind._meta.app_label}/{kind._meta.model_name}/add/")


def test_a_kind_may_have_its_own_admin() -> None:
    class Own(admin.ModelAdmin):  # type: ignore[type-arg]
        pass

    admin.site.unregister(Deploy)
    admin.site.register(Deploy, Own)
    register_kinds()
    assert type(admin.site.get_model_admin(Deploy)) is Own
    admin.site.unregister(Deploy)
    register_kinds()


def test_the_admin_lists_events_changes_and_profiles(admin_client: Client, hello: StatusChange) -> None:
    assert "Hello" in page(admin_client, "/admin/feed/event/")
    assert "status_change" in page(admin_client, "/admin/feed/event/?kind=status_change")
    assert page(admin_client, "/admin/feed/change/")
    assert page(admin_client, "/admin/profiles/userprofile/")
