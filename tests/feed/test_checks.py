"""The system checks."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models
from pytest_django import Settings

from feed.checks import (
    kinds_have_names_of_their_own,
    kinds_have_templates,
    kinds_leave_public_fields_alone,
    sessions_are_in_the_database,
)
from feed.models import Event


@pytest.fixture
def namesake() -> Iterator[type[Event]]:
    """Another app's kind, named as one that is there."""

    class Comment(Event):
        class Meta:
            app_label = "profiles"

    yield Comment
    del apps.all_models["profiles"]["comment"]
    apps.clear_cache()


@pytest.fixture
def impostor() -> Iterator[type[Event]]:
    """A kind with a field that is named as one that every event has."""

    class Impostor(Event):
        url = models.URLField()

        class Meta:
            app_label = "profiles"

    yield Impostor
    del apps.all_models["profiles"]["impostor"]
    apps.clear_cache()


def test_kinds_have_names_of_their_own() -> None:
    assert kinds_have_names_of_their_own(None) == []


def test_two_kinds_of_one_name_are_an_error(namesake: type[models.Model]) -> None:
    (error,) = kinds_have_names_of_their_own(None)
    assert (error.id, error.obj) == ("feed.E001", namesake)
    assert error.is_serious()


def test_kinds_leave_public_fields_alone() -> None:
    assert kinds_leave_public_fields_alone(None) == []


def test_a_field_that_would_hide_a_public_one_is_an_error(impostor: type[models.Model]) -> None:
    (error,) = kinds_leave_public_fields_alone(None)
    assert (error.id, error.obj) == ("feed.E002", impostor._meta.get_field("url"))


def test_a_kind_without_a_template_is_only_a_warning() -> None:
    warnings = kinds_have_templates(None)
    names = {warning.obj.__name__ for warning in warnings if isinstance(warning.obj, type)}
    assert "Deploy" in names
    assert not names & {"Event", "StatusChange", "Comment", "Welcome"}
    assert {warning.id for warning in warnings} == {"feed.W001"}
    assert not any(warning.is_serious() for warning in warnings)


@pytest.mark.parametrize(("engine", "ids"), [("db", []), ("cached_db", []), ("cache", ["feed.E003"])])
def test_sessions_that_cannot_be_asked_for_are_an_error(settings: Settings, engine: str, ids: list[str]) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    assert [error.id for error in sessions_are_in_the_database(None)] == ids
