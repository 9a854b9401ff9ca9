"""A new password: by the old one, and by e-mail. Nobody else gets one, or learns who has an account."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail as sent
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from feed.hub.sessions import logins_of, still_valid
from profiles import mail
from tests.profiles.people import PASSWORD

pytestmark = pytest.mark.django_db

NEW = "another horse battery"
ADDRESS = "alice@rill.example"


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", ADDRESS, PASSWORD)


@pytest.fixture
def log_in(alice: User) -> Callable[[], Client]:
    """Log alice in with another browser."""

    def logged_in(password: str = PASSWORD) -> Client:
        client = Client()
        client.post("/accounts/login/", {"username": "alice", "password": password})
        return client

    return logged_in


def change(client: Client, old: str = PASSWORD, new: str = NEW) -> Any:
    fields = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/accounts/password/", fields)


def is_logged_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


def test_a_change_keeps_this_session_and_ends_the_others_and_their_sockets(log_in: Callable[[], Client]) -> None:
    here, there = log_in(), log_in()
    open_there = logins_of([str(there.session.session_key)])
    assert len(still_valid(open_there.values())) == 1
    assert change(here).headers["Location"] == "/profile/"
    assert (is_logged_in(here), is_logged_in(there)) == (True, False)
    assert still_valid(open_there.values()) == set()
    assert logins_of([str(here.session.session_key)])


def test_a_change_needs_the_old_password_and_a_good_new_one(log_in: Callable[[], Client], alice: User) -> None:
    client = log_in()
    assert [change(client, old="wrong").status_code, change(client, new="12345678").status_code] == [422, 422]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.parametrize("path", ["/accounts/password/", "/profile/email/", "/profile/delete/"])
def test_wrong_passwords_count_as_failed_logins(log_in: Callable[[], Client], settings: Settings, path: str) -> None:
    settings.LOGIN_LIMIT = "2/hour"
    client = log_in()
    fields = {
        "old_password": "wrong",
        "password": "wrong",
        "new_password1": NEW,
        "new_password2": NEW,
        "email": ADDRESS,
    }
    assert [client.post(path, fields).status_code for _ in range(3)] == [422, 422, 429]
    assert client.post(path, fields | {"old_password": PASSWORD, "password": PASSWORD}).status_code == 429
    assert not is_logged_in(log_in())


def test_visitors_are_asked_to_log_in(client: Client) -> None:
    for path in ("/accounts/password/", "/profile/email/", "/profile/delete/", "/profile/export/"):
        assert client.get(path).headers["Location"] == f"/accounts/login/?next={path}"


def ask(client: Client, email: str = ADDRESS, **options: Any) -> Any:
    response = client.post("/accounts/reset/", {"email": email}, **options)
    mail.wait()
    return response


def link_in(message: EmailMessage) -> str:
    found = re.search(r"http://testserver(/accounts/reset/\S+)", str(message.body))
    assert found
    return found[1]


def choose(client: Client, link: str, password: str = NEW) -> Any:
    """Follow the link, and choose a password."""
    form = client.get(link, follow=True)
    path = form.redirect_chain[-1][0] if form.redirect_chain else link
    return client.post(path, {"new_password1": password, "new_password2": password})


def test_alice_gets_a_link_by_mail_that_works_once(client: Client, alice: User, log_in: Callable[..., Client]) -> None:
    old_session = log_in()
    assert ask(client).status_code == 200
    (message,) = sent.outbox
    assert message.to == [ADDRESS]
    assert choose(client, link_in(message)).headers["Location"] == "/accounts/login/"
    assert (is_logged_in(old_session), is_logged_in(log_in(NEW))) == (False, True)
    again = Client()
    assert "doesn&#x27;t work any more" in again.get(link_in(message)).content.decode().replace("'", "&#x27;")
    choose(again, link_in(message), "a third horse battery")
    assert not is_logged_in(log_in("a third horse battery"))


def test_a_weak_password_is_refused_with_the_link(client: Client, alice: User) -> None:
    ask(client)
    assert choose(client, link_in(sent.outbox[0]), "12345678").status_code == 422


@pytest.mark.parametrize("link", ["MQ/none/", "MQ/set-password/", "x/x-y/"])
def test_a_link_that_was_made_up_changes_nothing(client: Client, alice: User, link: str) -> None:
    page = client.get(f"/accounts/reset/{link}")
    assert "work any more" in page.content.decode()
    client.post(f"/accounts/reset/{link}", {"new_password1": NEW, "new_password2": NEW})
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_the_answer_does_not_tell_who_has_an_account(client: Client, alice: User) -> None:
    def answer(email: str) -> str:
        html: str = ask(client, email).content.decode()
        return re.sub(r'csrfmiddlewaretoken" value="\w+', "", html.replace(email, ""))

    assert answer(ADDRESS) == answer("nobody@rill.example")
    assert [message.to for message in sent.outbox] == [[ADDRESS]]


def test_deactivated_users_and_those_without_a_password_get_no_mail(client: Client, alice: User) -> None:
    User.objects.update(is_active=False)
    ask(client)
    User.objects.update(is_active=True)
    alice.set_unusable_password()
    alice.save()
    ask(client)
    assert sent.outbox == []


def test_mails_to_one_address_are_limited_from_everywhere(client: Client, alice: User, settings: Settings) -> None:
    settings.RESET_LIMIT = "2/hour"
    for number, expected in enumerate([200, 200, 429]):
        assert ask(client, ADDRESS.upper(), REMOTE_ADDR=f"192.0.2.{number}").status_code == expected
    assert ask(client, "nobody@rill.example").status_code == 200
    assert len(sent.outbox) == 2
