"""Who guesses passwords, or makes accounts by the dozen: and that alice gets in whatever others do elsewhere."""

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
ELSEWHERE = "192.0.2.7"


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(db: None) -> User:
    """She may use the admin, too."""
    return User.objects.create_user("alice", password=PASSWORD, is_staff=True)


@pytest.fixture(params=PAGES)
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


LogIn = Callable[..., Any]


@pytest.fixture
def log_in(path: str, alice: User) -> LogIn:
    """Try to, each time in a new browser."""

    def post(name: str = "alice", typed: str = "wrong", address: str = "127.0.0.1") -> HttpResponse:
        fields = {"username": name, "password": typed}
        return Client(REMOTE_ADDR=address).post(path, fields)  # type: ignore[return-value]

    return post


def said(response: Any) -> list[str]:
    return list(response.context["form"].non_field_errors())


def test_after_too_many_guesses_not_even_the_right_one_helps(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = "2/hour"
    assert [log_in().status_code for _ in range(2)] == [422, 422]
    wrong, right = log_in(), log_in(typed=PASSWORD)
    for response in (wrong, right):
        assert response.status_code == 429
        assert 3500 < int(response.headers["Retry-After"]) <= 3600
        assert said(response) == ["Too many failed logins. Try again in 60 minutes."]
        assert 'value="alice"' in response.content.decode()
        assert PASSWORD not in response.content.decode()
        assert settings.SESSION_COOKIE_NAME not in response.cookies


def test_alice_gets_in_though_somebody_elsewhere_guesses(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT, settings.LOGIN_ADDRESS_LIMIT = "2/hour", "3/hour"
    assert [log_in(address=ELSEWHERE).status_code for _ in range(3)] == [422, 422, 429]
    assert log_in(typed=PASSWORD).status_code == 302


def test_alice_gets_in_though_another_name_is_guessed_beside_her(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = "1/hour"
    assert [log_in("bob").status_code for _ in range(2)] == [422, 429]
    assert log_in(typed=PASSWORD).status_code == 302


def test_from_one_address_not_all_names_can_be_tried(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT, settings.LOGIN_ADDRESS_LIMIT = "2/hour", "3/hour"
    assert [log_in(f"user{number}").status_code for number in range(4)] == [422, 422, 422, 429]
    assert log_in(typed=PASSWORD).status_code == 429


def test_who_has_a_whole_network_is_one(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = "2/hour"
    addresses = [f"2001:db8:0:1::{number}" for number in range(3)]
    assert [log_in(address=address).status_code for address in addresses] == [422, 422, 429]
    assert log_in(address="2001:db8:0:2::1", typed=PASSWORD).status_code == 302


def test_getting_in_counts_nothing_and_forgives_nothing(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = "2/hour"
    assert [log_in(typed=PASSWORD).status_code for _ in range(3)] == [302, 302, 302]
    assert log_in().status_code == 422
    assert log_in(typed=PASSWORD).status_code == 302
    assert log_in().status_code == 422
    assert log_in(typed=PASSWORD).status_code == 429


def test_spelling_the_name_otherwise_gives_no_more_guesses(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = "2/hour"
    assert [log_in(name).status_code for name in ("alice", "ALICE", " Alice ")] == [422, 422, 429]


def test_what_is_no_guess_is_not_counted(log_in: LogIn, settings: Settings) -> None:
    settings.LOGIN_LIMIT = settings.LOGIN_ADDRESS_LIMIT = "1/hour"
    for name, typed in [("alice", ""), ("", "wrong"), ("nul\0", "wrong")]:
        assert log_in(name, typed).status_code == 422
    assert log_in().status_code == 422
    assert log_in().status_code == 429


class Meanwhile(ModelBackend):
    """Somebody else is faster, while this password is being checked."""

    happens: Callable[[], Any] | None = None

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **more: Any
    ) -> Any:
        happens, Meanwhile.happens = Meanwhile.happens, None
        if happens:
            happens()
        return super().authenticate(request, username, password, **more)


@pytest.mark.parametrize("typed", [PASSWORD, "wrong"])
def test_of_many_guesses_at_once_the_right_one_does_not_get_through(
    log_in: LogIn, settings: Settings, typed: str
) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Meanwhile"]
    settings.LOGIN_LIMIT = "2/hour"
    Meanwhile.happens = lambda: [log_in(), log_in()]
    assert log_in(typed=typed).status_code == 429


def test_what_is_refused_costs_no_check_of_a_password(log_in: LogIn, settings: Settings) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Meanwhile"]
    settings.LOGIN_LIMIT = "1/hour"
    assert log_in().status_code == 422
    Meanwhile.happens = lambda: pytest.fail("The password is checked.")
    assert log_in().status_code == 429
    Meanwhile.happens = None


def test_whoever_may_not_use_the_admin_is_counted_there(settings: Settings, client: Client) -> None:
    """Or how often one is let try would tell that the password is right."""
    settings.LOGIN_LIMIT = "2/hour"
    User.objects.create_user("bob", password=PASSWORD)
    fields = {"username": "bob", "password": PASSWORD}
    assert [client.post("/admin/login/", fields).status_code for _ in range(3)] == [422, 422, 429]


def test_many_who_sign_up_from_one_address_have_to_wait(settings: Settings) -> None:
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
    assert said(refused) == ["Too many people have signed up from your network. Try again in 60 minutes."]
    assert 'value="carol"' in refused.content.decode()
    assert PASSWORD not in refused.content.decode()
    assert sign_up("dave", ELSEWHERE).status_code == 302
    assert set(User.objects.values_list("username", flat=True)) == {"alice", "bob", "dave"}
