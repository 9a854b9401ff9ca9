"""Two tabs of one browser: alice's pages are open, and in another tab bob logs in. Nothing of hers is sent as his."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.models import Comment, StatusChange
from profiles.models import UserProfile
from tests.conftest import logged_in
from tests.profiles.people import PASSWORD, sign_up
from tests.support.markup import Element, elements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_hasher")]

HTMX = {"HX-Request": "true"}
TOLD = "You are logged in as bob now."


@pytest.fixture
def hello(alice: User) -> StatusChange:
    status: StatusChange = StatusChange.objects.create(user=alice, text="Hello")
    return status


@pytest.fixture
def browser(alice: User) -> Client:
    """Where alice is logged in first."""
    return logged_in(alice)


def bob_logs_in(browser: Client) -> None:
    browser.force_login(User.objects.get_or_create(username="bob")[0])


def fields(html: str, action: str | None = None) -> dict[str, str]:
    """What the form would send: the one with this action, or else the one of the page itself."""
    inside = [each for each in elements(html) if is_of(each.form, action)]
    return {
        each.attributes["name"]: each.attributes.get("value", each.text) for each in inside if "name" in each.attributes
    }


def is_of(form: Element | None, action: str | None) -> bool:
    return form is not None and form.attributes.get("method") == "post" and form.attributes.get("action") == action


def page(browser: Client, path: str) -> str:
    return browser.get(path).content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_post_of_alices_page_is_not_posted_as_bob(browser: Client, alice: User, headers: dict[str, str]) -> None:
    sent = fields(page(browser, "/"), "/events/") | {"text": "I am alice"}
    assert sent["as"] == str(alice.pk)
    bob_logs_in(browser)
    answer = browser.post("/events/", sent, headers=headers)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert TOLD in shown
    assert "I am alice</textarea>" in shown
    assert not StatusChange.objects.exists()
    # It is bob's form now: he may want to.
    browser.post("/events/", fields(shown, "/events/") | {"text": "I am bob"})
    assert StatusChange.objects.get().user.username == "bob"


def test_a_comment_of_alices_page_is_not_posted_as_bob(browser: Client, hello: StatusChange) -> None:
    path = f"/events/{hello.pk}/comments/"
    sent = fields(page(browser, f"/events/{hello.pk}/"), path) | {"text": "I am alice"}
    bob_logs_in(browser)
    answer = browser.post(path, sent, headers=HTMX)
    assert answer.status_code == 422
    assert TOLD in answer.content.decode()
    assert "I am alice</textarea>" in answer.content.decode()
    assert not Comment.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_edit_of_alices_says_that_this_is_bob(browser: Client, hello: StatusChange, headers: dict[str, str]) -> None:
    path = f"/events/{hello.pk}/edit/"
    sent = fields(page(browser, path), path) | {"text": "Hello, world"}
    bob_logs_in(browser)
    answer = browser.post(path, sent, headers=headers)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert TOLD in shown
    assert "Hello, world</textarea>" in shown
    assert browser.post(path, fields(shown, path) | {"text": "Hello, world"}).status_code == 403
    hello.refresh_from_db()
    assert hello.text == "Hello"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_deletion_of_alices_says_that_this_is_bob(
    browser: Client, hello: StatusChange, headers: dict[str, str]
) -> None:
    path = f"/events/{hello.pk}/delete/"
    sent = fields(page(browser, path), path)
    bob_logs_in(browser)
    answer = browser.post(path, sent, headers=headers)
    assert answer.status_code == 422
    assert TOLD in answer.content.decode()
    assert browser.post(path, fields(answer.content.decode(), path)).status_code == 403
    assert StatusChange.objects.exists()


def test_alices_profile_is_not_saved_as_bobs(browser: Client) -> None:
    sent = fields(page(browser, "/profile/")) | {"bio": "I am alice."}
    bob_logs_in(browser)
    answer = browser.post("/profile/", sent)
    assert answer.status_code == 422
    assert TOLD in answer.content.decode()
    assert "I am alice.</textarea>" in answer.content.decode()
    assert not UserProfile.objects.exclude(bio="").exists()
    assert browser.post("/profile/", fields(answer.content.decode()) | {"bio": "I am bob."}).status_code == 302
    assert UserProfile.objects.exclude(bio="").get().user.username == "bob"


def test_alices_button_does_not_log_bob_out(browser: Client) -> None:
    sent = fields(page(browser, "/"), "/accounts/logout/")
    bob_logs_in(browser)
    answer = browser.post("/accounts/logout/", sent, follow=True)
    assert TOLD in answer.content.decode()
    assert '<body data-user="bob">' in answer.content.decode()
    again = browser.post("/accounts/logout/", fields(answer.content.decode(), "/accounts/logout/"), follow=True)
    assert "<body>" in again.content.decode()


def test_logging_out_twice_is_no_error(browser: Client) -> None:
    sent = fields(page(browser, "/"), "/accounts/logout/")
    for _ in range(2):
        assert browser.post("/accounts/logout/", sent).headers["Location"] == "/"


def test_who_was_logged_out_and_in_again_goes_on(browser: Client, alice: User) -> None:
    sent = fields(page(browser, "/"), "/events/") | {"text": "Hello"}
    browser.logout()
    assert browser.post("/events/", sent).headers["Location"].startswith("/accounts/login/")
    browser.force_login(alice)
    assert browser.post("/events/", sent).status_code == 302
    assert StatusChange.objects.count() == 1


def test_a_page_to_sign_up_on_says_that_bob_is_there(client: Client) -> None:
    sent = fields(page(client, "/accounts/signup/"))
    assert sent["as"] == ""
    bob_logs_in(client)
    answer = sign_up(client, "carol", **{"as": ""})
    assert answer.status_code == 422
    assert TOLD in answer.content.decode()
    assert not User.objects.filter(username="carol").exists()
    assert sign_up(client, "carol", **{"as": fields(answer.content.decode())["as"]}).status_code == 302
    assert '<body data-user="carol">' in page(client, "/")


def test_logging_in_logs_in_as_the_form_says(client: Client) -> None:
    """And not on as bob, who has logged in in another tab since the form was shown."""
    User.objects.create_user("alice", password=PASSWORD)
    bob_logs_in(client)
    answer = client.post("/accounts/login/", {"username": "alice", "password": PASSWORD}, follow=True)
    assert '<body data-user="alice">' in answer.content.decode()


@pytest.mark.parametrize("claimed", ["", "0", "alice", "9" * 5000, "nul\0"])
def test_a_claim_that_can_not_be_is_refused(as_bob: Client, claimed: str) -> None:
    assert as_bob.post("/events/", {"text": "Hello", "as": claimed}).status_code == 422
    assert not StatusChange.objects.exists()


def test_every_form_that_is_posted_says_whose_page_it_is_on(browser: Client, hello: StatusChange) -> None:
    own = f"/events/{hello.pk}/"
    paths = ["/", own, f"{own}edit/", f"{own}delete/", "/people/alice/", "/profile/", "/nowhere/"]
    for path in paths:
        forms = [each for each in elements(page(browser, path)) if each.attributes.get("method") == "post"]
        assert forms, path
        for form in forms:
            assert "as" in form.fields, path
