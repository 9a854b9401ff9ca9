"""The system checks of the public names of users."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AbstractBaseUser
from django.core.checks import run_checks
from django.db import models
from django.test.utils import isolate_apps
from pytest_django import Settings

from feed import checks_people
from feed.checks_people import public_names_are_no_addresses, public_names_identify_users


@pytest.fixture(autouse=True)
def own_user(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user model that logs in with an e-mail address."""
    with isolate_apps("feed"):

        class Person(AbstractBaseUser):
            email = models.EmailField(unique=True)
            handle = models.CharField(max_length=30, unique=True)
            alias = models.CharField(max_length=30)
            town = models.CharField(max_length=30)
            passport = models.CharField(max_length=30, unique=True, null=True)  # noqa: DJ001

            USERNAME_FIELD = "email"
            EMAIL_FIELD = "email"

            class Meta:
                app_label = "feed"
                constraints = [
                    models.UniqueConstraint(fields=["alias"], name="unique_alias"),
                    models.UniqueConstraint(fields=["town"], condition=models.Q(town="Rome"), name="one_roman"),
                ]

        monkeypatch.setattr(checks_people, "get_user_model", lambda: Person)
        monkeypatch.setattr("feed.people.get_user_model", lambda: Person)
        yield


@pytest.mark.parametrize("field", [None, "email", "handle", "alias"])
def test_a_unique_field_can_be_the_public_name(settings: Settings, field: str | None) -> None:
    settings.FEED_USER_FIELD = field
    assert public_names_identify_users(None) == []


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("nickname", "no such field"),
        ("get_username", "no such field"),
        ("town", "the same"),
        ("passport", "null"),
    ],
)
def test_a_field_that_does_not_identify_users_is_an_error(settings: Settings, field: str, reason: str) -> None:
    settings.FEED_USER_FIELD = field
    (error,) = public_names_identify_users(None)
    assert (error.id, error.is_serious()) == ("feed.E011", True)
    assert field in error.msg
    assert reason in error.msg


@pytest.mark.parametrize(
    ("field", "ids"), [(None, ["feed.W011"]), ("email", ["feed.W011"]), ("handle", []), ("nickname", [])]
)
def test_an_address_as_public_name_is_a_warning(settings: Settings, field: str | None, ids: list[str]) -> None:
    settings.FEED_USER_FIELD = field
    assert [warning.id for warning in public_names_are_no_addresses(None)] == ids


def test_the_checks_of_names_are_registered(settings: Settings) -> None:
    settings.FEED_USER_FIELD = "nickname"
    assert "feed.E011" in {message.id for message in run_checks(tags=["models"])}
