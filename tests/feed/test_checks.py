"""The system checks."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import models
from pytest_django import Settings

from feed.checks import (
    events_are_of_kinds_that_are_there,
    kinds_have_names_of_their_own,
    kinds_have_templates,
    kinds_have_the_key_of_their_event,
    kinds_leave_public_fields_alone,
    managers_record_changes,
    sessions_are_in_the_database,
    threads_lead_to_events,
)
from feed.models import Event, StatusChange
from feed.querysets import EventManager
from tests.support.odd_kinds import new_kind, using_kinds


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


def test_the_kinds_that_are_there_have_nothing_wrong() -> None:
    for check in (kinds_have_the_key_of_their_event, managers_record_changes, threads_lead_to_events):
        assert check(None) == []


def test_a_kind_with_a_key_of_its_own_is_refused_with_what_to_do() -> None:
    kind = new_kind("Keyed", code=models.CharField(max_length=10, primary_key=True))
    with using_kinds(kind):
        (error,) = kinds_have_the_key_of_their_event(None)
    assert (error.id, error.obj) == ("feed.E004", kind)
    assert error.is_serious()
    assert "unique=True" in str(error.hint)


def test_a_manager_that_would_not_record_is_refused() -> None:
    class Fitting(EventManager):
        pass

    plain = new_kind("Plain", objects=models.Manager())
    fitting = new_kind("Fitting", objects=Fitting())
    with using_kinds(plain, fitting):
        (error,) = managers_record_changes(None)
    assert (error.id, error.obj) == ("feed.E005", plain)


@pytest.mark.parametrize("target", ["auth.User", "feed.Log"])
def test_a_thread_that_is_no_key_to_an_event_is_a_warning(target: str) -> None:
    kind = new_kind("Astray", thread=models.ForeignKey(target, models.CASCADE, related_name="+"))
    fitting = new_kind("Remark", thread=models.ForeignKey(StatusChange, models.CASCADE, related_name="+"))
    with using_kinds(kind, fitting):
        (warning,) = threads_lead_to_events(None)
    assert (warning.id, warning.obj) == ("feed.W002", kind._meta.get_field("thread"))


@pytest.mark.django_db
def test_events_of_a_kind_that_no_app_has_are_a_warning(alice: User) -> None:
    assert events_are_of_kinds_that_are_there(None, databases=["default"]) == []
    models.QuerySet(Event).filter(user=alice).update(kind="gone")
    (warning,) = events_are_of_kinds_that_are_there(None, databases=["default"])
    assert warning.id == "feed.W003"
    assert "'gone'" in warning.msg
    assert events_are_of_kinds_that_are_there(None, databases=None) == []
