"""Two tabs of one browser: one shows alice's page, and bob logs in in the other. Nothing of hers is saved as his."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.models import Comment, StatusChange
from profiles.models import UserProfile
from tests.conftest import logged_in
from tests.profiles.people import PASSWORD, sign_up
from tests.support.markup import Element, elements

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
REFUSAL = "You are logged in as bob now."


@pytest.fixture
def browser(alice: User) -> Client:
    """The browser in which alice is logged in at first."""
    return logged_in(alice)


def bob_logs_in(browser: Client) -> None:
    browser.force_login(User.objects.get_or_create(username="bob")[0])


def fields(html: str, action: str | None = None) -> dict[str, str]:
    """The fields and values of the form with this action; by default of the form that posts to its own page."""
    found, name = dict[str, str](), ""
    for each in elements(html):
        if posts_to(each.form, action):
            if name_here := each.attributes.get("name"):
                name, found[name_here] = name_here, each.attributes.get("value", each.text)
            elif "selected" in each.attributes:
                found[name] = each.attributes["value"]
    return found


def posts_to(form: Element | None, action: str | None) -> bool:
    return form is not None and form.attributes.get("method") == "post" and form.attributes.get("action") == action


def page(browser: Client, path: str) -> str:
    return browser.get(path).content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_post_from_alices_page_is_not_saved_as_bobs(browser: Client, alice: User, headers: dict[str, str]) -> None:
    sent = fields(page(browser, "/"), "/events/") | {"text": "I am alice"}
    assert sent["as"] == str(alice.pk)
    bob_logs_in(browser)
    response = browser.post("/events/", sent, headers=headers)
    shown = response.content.decode()
    assert response.status_code == 422
    assert REFUSAL in shown
    assert "I am alice</textarea>" in shown
    assert not StatusChange.objects.exists()
    # The response shows bob's form, which he may send.
    browser.post("/events/", fields(shown, "/events/") | {"text": "I am bob"})
    assert StatusChange.objects.get().user.username == "bob"


def test_a_comment_from_alices_page_is_not_saved_as_bobs(browser: Client, hello: StatusChange) -> None:
    path = f"/events/{hello.pk}/comments/"
    sent = fields(page(browser, f"/events/{hello.pk}/"), path) | {"text": "I am alice"}
    bob_logs_in(browser)
    response = browser.post(path, sent, headers=HTMX)
    assert response.status_code == 422
    assert REFUSAL in response.content.decode()
    assert "I am alice</textarea>" in response.content.decode()
    assert not Comment.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_edit_from_alices_page_is_refused_with_bobs_name(
    browser: Client, hello: StatusChange, headers: dict[str, str]
) -> None:
    path = f"/events/{hello.pk}/edit/"
    sent = fields(page(browser, path), path) | {"text": "Hello, world"}
    bob_logs_in(browser)
    response = browser.post(path, sent, headers=headers)
    shown = response.content.decode()
    assert response.status_code == 422
    assert REFUSAL in shown
    assert "Hello, world</textarea>" in shown
    assert browser.post(path, fields(shown, path) | {"text": "Hello, world"}).status_code == 403
    hello.refresh_from_db()
    assert hello.text == "Hello"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_deletion_from_alices_page_is_refused_with_bobs_name(
    browser: Client, hello: StatusChange, headers: dict[str, str]
) -> None:
    path = f"/events/{hello.pk}/delete/"
    sent = fields(page(browser, path), path)
    bob_logs_in(browser)
    response = browser.post(path, sent, headers=headers)
    assert response.status_code == 422
    assert REFUSAL in response.content.decode()
    assert browser.post(path, fields(response.content.decode(), path)).status_code == 403
    assert StatusChange.objects.exists()


def test_alices_profile_is_not_saved_as_bobs(browser: Client) -> None:
    sent = fields(page(browser, "/profile/")) | {"bio": "I am alice."}
    bob_logs_in(browser)
    response = browser.post("/profile/", sent)
    assert response.status_code == 422
    assert REFUSAL in response.content.decode()
    assert "I am alice.</textarea>" in response.content.decode()
    assert not UserProfile.objects.exclude(bio="").exists()
    assert browser.post("/profile/", fields(response.content.decode()) | {"bio": "I am bob."}).status_code == 302
    assert UserProfile.objects.exclude(bio="").get().user.username == "bob"


def test_the_logout_button_on_alices_page_does_not_log_bob_out(browser: Client) -> None:
    sent = fields(page(browser, "/"), "/accounts/logout/")
    bob_logs_in(browser)
    response = browser.post("/accounts/logout/", sent, follow=True)
    assert REFUSAL in response.content.decode()
    assert 'data-user="bob">' in response.content.decode()
    again = browser.post("/accounts/logout/", fields(response.content.decode(), "/accounts/logout/"), follow=True)
    assert 'type="module">' in again.content.decode()


def test_logging_out_twice_is_not_an_error(browser: Client) -> None:
    sent = fields(page(browser, "/"), "/accounts/logout/")
    for _ in range(2):
        assert browser.post("/accounts/logout/", sent).headers["Location"] == "/"


def test_alices_form_still_works_after_she_logs_out_and_in_again(browser: Client, alice: User) -> None:
    sent = fields(page(browser, "/"), "/events/") | {"text": "Hello"}
    browser.logout()
    assert browser.post("/events/", sent).headers["Location"].startswith("/accounts/login/")
    browser.force_login(alice)
    assert browser.post("/events/", sent).status_code == 302
    assert StatusChange.objects.count() == 1


def test_a_sign_up_form_is_refused_once_with_bobs_name_if_he_has_logged_in(client: Client) -> None:
    sent = fields(page(client, "/accounts/signup/"))
    assert sent["as"] == ""
    bob_logs_in(client)
    response = sign_up(client, "carol", **{"as": ""})
    assert response.status_code == 422
    assert REFUSAL in response.content.decode()
    assert not User.objects.filter(username="carol").exists()
    assert sign_up(client, "carol", **{"as": fields(response.content.decode())["as"]}).status_code == 302
    assert ' data-user="carol">' in page(client, "/")


def test_a_login_form_logs_alice_in_even_if_bob_is_logged_in(client: Client) -> None:
    User.objects.create_user("alice", password=PASSWORD)
    bob_logs_in(client)
    response = client.post("/accounts/login/", {"username": "alice", "password": PASSWORD}, follow=True)
    assert ' data-user="alice">' in response.content.decode()


@pytest.mark.parametrize("claimed", ["", "0", "alice", "9" * 5000, "nul\0"])
def test_a_form_with_an_invalid_user_is_refused(as_bob: Client, claimed: str) -> None:
    assert as_bob.post("/events/", {"text": "Hello", "as": claimed}).status_code == 422
    assert not StatusChange.objects.exists()


def test_every_form_names_the_user_of_its_page(browser: Client, hello: StatusChange) -> None:
    own = f"/events/{hello.pk}/"
    paths = ["/", own, f"{own}edit/", f"{own}delete/", "/people/alice/", "/profile/", "/nowhere/"]
    for path in paths:
        forms = [each for each in elements(page(browser, path)) if each.attributes.get("method") == "post"]
        assert forms, path
        for form in forms:
            assert "as" in form.fields, path
