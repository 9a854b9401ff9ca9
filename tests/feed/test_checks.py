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
    """A kind with the same name as one of another app."""

    class Comment(Event):
        class Meta:
            app_label = "profiles"

    yield Comment
    del apps.all_models["profiles"]["comment"]
    apps.clear_cache()


@pytest.fixture
def kind_with_url() -> Iterator[type[Event]]:
    """A kind with a field that hides the public field `url`."""

    class WithUrl(Event):
        url = models.URLField()

        class Meta:
            app_label = "profiles"

    yield WithUrl
    del apps.all_models["profiles"]["withurl"]
    apps.clear_cache()


def test_kinds_with_different_names_pass() -> None:
    assert kinds_have_names_of_their_own(None) == []


def test_two_kinds_with_one_name_are_an_error(namesake: type[models.Model]) -> None:
    (error,) = kinds_have_names_of_their_own(None)
    assert (error.id, error.obj) == ("feed.E001", namesake)
    assert error.is_serious()


def test_kinds_without_clashing_fields_pass() -> None:
    assert kinds_leave_public_fields_alone(None) == []


def test_a_field_that_hides_a_public_one_is_an_error(kind_with_url: type[models.Model]) -> None:
    (error,) = kinds_leave_public_fields_alone(None)
    assert (error.id, error.obj) == ("feed.E002", kind_with_url._meta.get_field("url"))


def test_a_kind_without_a_template_is_only_a_warning() -> None:
    warnings = kinds_have_templates(None)
    names = {warning.obj.__name__ for warning in warnings if isinstance(warning.obj, type)}
    assert "Deploy" in names
    assert not names & {"Event", "StatusChange", "Comment", "Welcome"}
    assert {warning.id for warning in warnings} == {"feed.W001"}
    assert not any(warning.is_serious() for warning in warnings)


@pytest.mark.parametrize(("engine", "ids"), [("db", []), ("cached_db", []), ("cache", ["feed.E003"])])
def test_sessions_outside_the_database_are_an_error(settings: Settings, engine: str, ids: list[str]) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    assert [error.id for error in sessions_are_in_the_database(None)] == ids


def test_the_kinds_of_the_project_pass() -> None:
    for check in (kinds_have_the_key_of_their_event, managers_record_changes, threads_lead_to_events):
        assert check(None) == []


def test_a_kind_with_its_own_primary_key_is_an_error_with_a_hint() -> None:
    kind = new_kind("Keyed", code=models.CharField(max_length=10, primary_key=True))
    with using_kinds(kind):
        (error,) = kinds_have_the_key_of_their_event(None)
    assert (error.id, error.obj) == ("feed.E004", kind)
    assert error.is_serious()
    assert "unique=True" in str(error.hint)


def test_a_manager_that_does_not_record_changes_is_an_error() -> None:
    class Recording(EventManager):
        pass

    plain = new_kind("Plain", objects=models.Manager())
    recording = new_kind("Recording", objects=Recording())
    with using_kinds(plain, recording):
        (error,) = managers_record_changes(None)
    assert (error.id, error.obj) == ("feed.E005", plain)


@pytest.mark.parametrize("target", ["auth.User", "feed.Log"])
def test_a_thread_field_that_points_to_another_model_is_a_warning(target: str) -> None:
    kind = new_kind("Astray", thread=models.ForeignKey(target, models.CASCADE, related_name="+"))
    correct = new_kind("Remark", thread=models.ForeignKey(StatusChange, models.CASCADE, related_name="+"))
    with using_kinds(kind, correct):
        (warning,) = threads_lead_to_events(None)
    assert (warning.id, warning.obj) == ("feed.W002", kind._meta.get_field("thread"))


@pytest.mark.django_db
def test_events_of_an_unknown_kind_are_a_warning(alice: User) -> None:
    assert events_are_of_kinds_that_are_there(None, databases=["default"]) == []
    models.QuerySet(Event).filter(user=alice).update(kind="gone")
    (warning,) = events_are_of_kinds_that_are_there(None, databases=["default"])
    assert warning.id == "feed.W003"
    assert "'gone'" in warning.msg
    assert events_are_of_kinds_that_are_there(None, databases=None) == []
