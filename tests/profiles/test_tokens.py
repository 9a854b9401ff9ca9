"""One's own access tokens, on one's profile."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from feed.tokens import Token, authenticate
from tests.conftest import logged_in
from tests.profiles.people import PASSWORD
from tests.profiles.test_accounts import exported
from tests.support.tokens import issue

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PATH = "/profile/tokens/"
FORM = {"name": "build server", "read": "on", "days": "90", "password": PASSWORD}


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", "alice@rill.example", PASSWORD)


def secrets_in(response: Any) -> list[str]:
    return re.findall(r"rill_\w{51}", response.content.decode())


def test_alice_makes_a_token_and_sees_it_once(as_alice: Client, alice: User) -> None:
    made: Any = as_alice.post(PATH, FORM)
    (secret,) = secrets_in(made)
    token = authenticate(f"Bearer {secret}")
    assert token
    assert (token.user, token.name, token.scopes) == (alice, "build server", ["read"])
    assert token.expires_at
    assert (token.expires_at - timezone.now()).days in {89, 90}
    shown = as_alice.get(PATH)
    assert secrets_in(shown) == []
    assert "build server" in shown.content.decode()


def test_nothing_keeps_the_page_with_the_token(as_alice: Client) -> None:
    for response in (as_alice.post(PATH, FORM), as_alice.get(PATH)):
        assert {"no-store", "private"} <= set(response.headers["Cache-Control"].replace(" ", "").split(","))


def test_the_list_says_what_each_token_is_good_for(as_alice: Client, alice: User) -> None:
    secret = issue(alice, "read", "post")
    assert "read, post · never used · doesn't expire" in text_of(as_alice)
    authenticate(f"Bearer {secret}")
    assert "last used" in text_of(as_alice)
    Token.objects.update(expires_at=timezone.now())
    assert "has expired" in text_of(as_alice)


def text_of(client: Client) -> str:
    return client.get(PATH).content.decode().replace("&#x27;", "'")


def test_a_token_for_ever_with_both_scopes(as_alice: Client) -> None:
    as_alice.post(PATH, FORM | {"post": "on", "days": ""})
    token = Token.objects.get()
    assert (token.scopes, token.expires_at) == (["read", "post"], None)


@pytest.mark.parametrize(
    ("field", "value"), [("password", "wrong"), ("password", ""), ("name", ""), ("name", "x" * 101), ("days", "7")]
)
def test_a_wrong_form_makes_none(as_alice: Client, field: str, value: str) -> None:
    response = as_alice.post(PATH, FORM | {field: value})
    assert (response.status_code, secrets_in(response)) == (422, [])
    assert not Token.objects.exists()


def test_a_token_must_be_good_for_something(as_alice: Client) -> None:
    response: Any = as_alice.post(PATH, {key: value for key, value in FORM.items() if key != "read"})
    assert response.status_code == 422
    assert "Choose what the token is good for." in response.content.decode()


def test_there_is_a_limit_that_the_form_explains(
    as_alice: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feed.tokens.issuing.MAX_TOKENS", 1)
    issue(alice)
    response: Any = as_alice.post(PATH, FORM)
    assert response.status_code == 422
    assert "Revoke one" in response.content.decode()


def test_a_user_who_has_no_password_makes_one_without(alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    client = logged_in(alice)
    assert 'name="password"' not in client.get(PATH).content.decode()
    assert secrets_in(client.post(PATH, FORM))


def test_alice_revokes_a_token_without_her_password(as_alice: Client, alice: User) -> None:
    secret = issue(alice)
    response = as_alice.post(f"{PATH}{Token.objects.get().pk}/revoke/")
    assert response.headers["Location"] == PATH
    assert not Token.objects.exists()
    assert secret not in as_alice.get(PATH).content.decode()


def test_bob_neither_sees_nor_revokes_alices_token(as_bob: Client, alice: User) -> None:
    issue(alice)
    assert "None yet." in as_bob.get(PATH).content.decode()
    assert as_bob.post(f"{PATH}{Token.objects.get().pk}/revoke/").status_code == 404
    assert Token.objects.exists()


def test_visitors_are_asked_to_log_in(client: Client, alice: User) -> None:
    issue(alice)
    assert client.get(PATH).headers["Location"] == f"/accounts/login/?next={PATH}"
    assert client.post(f"{PATH}{Token.objects.get().pk}/revoke/").status_code == 302
    assert Token.objects.exists()


def test_a_form_of_alices_page_changes_nothing_of_bobs(as_bob: Client, bob: User, alice: User) -> None:
    issue(bob)
    as_bob.post(f"{PATH}{Token.objects.get().pk}/revoke/", {"as": str(alice.pk)})
    as_bob.post(PATH, FORM | {"as": str(alice.pk)})
    assert Token.objects.count() == 1


def test_the_name_of_a_token_is_shown_as_text(as_alice: Client) -> None:
    made: Any = as_alice.post(PATH, FORM | {"name": "<b>bold</b>"})
    assert "<b>bold</b>" not in made.content.decode()
    assert "&lt;b&gt;bold" in as_alice.get(PATH).content.decode()


def test_a_new_password_revokes_no_token_and_the_page_says_so(as_alice: Client, alice: User) -> None:
    secret = issue(alice)
    assert PATH in as_alice.get("/accounts/password/").content.decode()
    alice.set_password("another horse battery")
    alice.save()
    assert authenticate(f"Bearer {secret}")


def test_the_export_has_them_without_what_they_are_known_by(as_alice: Client, alice: User, bob: User) -> None:
    issue(alice, "read")
    issue(bob)
    (entry,) = exported(as_alice)["tokens"]
    assert (entry["name"], entry["scopes"], entry["last_used_at"]) == ("test", ["read"], None)
    assert not {"digest", "user"} & set(entry)


def test_with_the_account_its_tokens_go(as_alice: Client, alice: User) -> None:
    issue(alice)
    assert "access tokens" in as_alice.get("/profile/delete/").content.decode()
    as_alice.post("/profile/delete/", {"password": PASSWORD})
    assert not Token.objects.exists()
    assert not User.objects.filter(username="alice").exists()
