"""Rate limits of logins and sign-ups: they stop guessing, and don't lock alice out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
PAGES = ["/accounts/login/", "/admin/login/"]
OTHER_ADDRESS = "192.0.2.7"


@pytest.fixture
def alice(db: None) -> User:
    """Alice, who may use the admin."""
    return User.objects.create_user("alice", password=PASSWORD, is_staff=True)


@pytest.fixture(params=PAGES)
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


LogIn = Callable[..., Any]


@pytest.fixture
def log_in(path: str, alice: User) -> LogIn:
    """Try to log in, each time with a new browser."""

    def attempt(name: str = "alice", guess: str = "wrong", address: str = "127.0.0.1") -> HttpResponse:
        fields = {"username": name, "password": guess}
        return Client(REMOTE_ADDR=address).post(path, fields)  # type: ignore[return-value]

    return attempt


def form_errors(response: Any) -> list[str]:
    return list(response.context["form"].non_field_errors())


def test_after_too_many_guesses_even_the_right_password_is_refused(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = "2/hour"
    assert [log_in().status_code for _ in range(2)] == [422, 422]
    wrong, right = log_in(), log_in(guess=PASSWORD)
    for response in (wrong, right):
        assert response.status_code == 429
        assert 3500 < int(response.headers["Retry-After"]) <= 3600
        assert form_errors(response) == ["Too many failed logins. Try again in 60 minutes."]
        assert 'value="alice"' in response.content.decode()
        assert PASSWORD not in response.content.decode()
        assert settings.SESSION_COOKIE_NAME not in response.cookies


def test_guesses_from_another_address_do_not_lock_alice_out(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT, settings.LOGIN_ADDRESS_LIMIT = "2/hour", "3/hour"
    assert [log_in(address=OTHER_ADDRESS).status_code for _ in range(3)] == [422, 422, 429]
    assert log_in(guess=PASSWORD).status_code == 302


def test_guesses_of_another_name_do_not_lock_alice_out(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = "1/hour"
    assert [log_in("bob").status_code for _ in range(2)] == [422, 429]
    assert log_in(guess=PASSWORD).status_code == 302


def test_guesses_of_many_names_from_one_address_are_limited(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT, settings.LOGIN_ADDRESS_LIMIT = "2/hour", "3/hour"
    assert [log_in(f"user{number}").status_code for number in range(4)] == [422, 422, 422, 429]
    assert log_in(guess=PASSWORD).status_code == 429


def test_addresses_of_one_ipv6_network_count_together(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = "2/hour"
    addresses = [f"2001:db8:0:1::{number}" for number in range(3)]
    assert [log_in(address=address).status_code for address in addresses] == [422, 422, 429]
    assert log_in(address="2001:db8:0:2::1", guess=PASSWORD).status_code == 302


def test_a_successful_login_neither_counts_nor_resets_the_count(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = "2/hour"
    assert [log_in(guess=PASSWORD).status_code for _ in range(3)] == [302, 302, 302]
    assert log_in().status_code == 422
    assert log_in(guess=PASSWORD).status_code == 302
    assert log_in().status_code == 422
    assert log_in(guess=PASSWORD).status_code == 429


def test_spellings_of_one_name_count_together(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = "2/hour"
    assert [log_in(name).status_code for name in ("alice", "ALICE", " Alice ")] == [422, 422, 429]


def test_a_login_without_a_valid_name_and_password_does_not_count(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = settings.LOGIN_ADDRESS_LIMIT = "1/hour"
    for name, guess in [("alice", ""), ("", "wrong"), ("nul\0", "wrong")]:
        assert log_in(name, guess).status_code == 422
    assert log_in().status_code == 422
    assert log_in().status_code == 429


class RacingBackend(ModelBackend):
    """Runs `race` while a password is checked, as a faster request would."""

    race: Callable[[], Any] | None = None

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **more: Any
    ) -> Any:
        race, RacingBackend.race = RacingBackend.race, None
        if race:
            race()
        return super().authenticate(request, username, password, **more)


@pytest.mark.parametrize("guess", [PASSWORD, "wrong"])
def test_concurrent_guesses_do_not_exceed_the_limit(log_in: LogIn, settings: Settings, guess: str) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.RacingBackend"]
    settings.LOGIN_LIMIT = "2/hour"
    RacingBackend.race = lambda: [log_in(), log_in()]
    assert log_in(guess=guess).status_code == 429


def test_a_refused_login_checks_no_password(log_in: LogIn, settings: Settings) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.RacingBackend"]
    settings.LOGIN_LIMIT = "1/hour"
    assert log_in().status_code == 422
    RacingBackend.race = lambda: pytest.fail("The password was checked.")
    assert log_in().status_code == 429
    RacingBackend.race = None


def test_admin_logins_of_users_without_access_count(settings: Settings, client: Client) -> None:
    """Otherwise an unlimited number of attempts would reveal that the password is right."""
    settings.LOGIN_LIMIT = "2/hour"
    User.objects.create_user("bob", password=PASSWORD)
    fields = {"username": "bob", "password": PASSWORD}
    assert [client.post("/admin/login/", fields).status_code for _ in range(3)] == [422, 422, 429]


def test_signups_are_rate_limited_by_address(settings: Settings) -> None:
    settings.SIGNUP_LIMIT = "2/hour"

    def sign_up(name: str, address: str = "127.0.0.1", password: str = PASSWORD) -> Any:
        fields = {"username": name, "password1": password, "password2": password}
        return Client(REMOTE_ADDR=address).post("/accounts/signup/", fields)

    assert sign_up("alice").status_code == 302
    assert sign_up("bob", password="12345678").status_code == 422
    assert sign_up("bob").status_code == 302
    refused = sign_up("carol")
    assert refused.status_code == 429
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert form_errors(refused) == ["Too many people have signed up from your network. Try again in 60 minutes."]
    assert 'value="carol"' in refused.content.decode()
    assert PASSWORD not in refused.content.decode()
    assert sign_up("dave", OTHER_ADDRESS).status_code == 302
    assert set(User.objects.values_list("username", flat=True)) == {"alice", "bob", "dave"}
