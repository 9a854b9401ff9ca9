"""The system checks of how the project is served. Each is run as `manage.py` runs it, without a server."""

import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db import connection
from pytest_django import Settings

from feed import checks_serving
from feed.checks import sessions_are_in_the_database
from feed.checks_serving import (
    development_server_has_websockets,
    processes_hear_each_other,
    websocket_is_served,
)

REDIS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}}
IN_MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
WITHOUT_FEED = "raise ZeroDivisionError  # it must not be imported\napplication = get_asgi_application()\n"


@pytest.fixture
def shop(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project, without an asgi.py."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "bakery", raising=False)  # of an earlier test
    settings.ASGI_APPLICATION, settings.ROOT_URLCONF = None, "bakery.urls"
    folder = tmp_path / "bakery"
    folder.mkdir()
    (folder / "__init__.py").touch()
    return folder


def test_this_project_is_served_with_its_websocket() -> None:
    assert websocket_is_served(None) == []
    assert not {"feed.W012", "feed.W013", "feed.W014"} & {message.id for message in run_checks()}


def test_the_asgi_py_of_startproject_is_found_without_a_setting(shop: Path) -> None:
    (shop / "asgi.py").write_text(WITHOUT_FEED + "application = with_feed(application)\n")
    assert websocket_is_served(None) == []


def test_an_application_without_the_feed_is_a_warning_and_is_not_imported(shop: Path) -> None:
    (shop / "asgi.py").write_text(WITHOUT_FEED)
    (warning,) = websocket_is_served(None)
    assert (warning.id, warning.is_serious()) == ("feed.W012", False)
    assert "'bakery.asgi', doesn't mention" in warning.msg


@pytest.mark.parametrize("application", [None, "bakery.asgi.application", "nowhere.asgi.application", "application"])
@pytest.mark.usefixtures("shop")
def test_an_application_that_is_nowhere_is_a_warning(settings: Settings, application: str | None) -> None:
    settings.ASGI_APPLICATION = application
    (warning,) = websocket_is_served(None)
    assert (warning.id, "isn't there" in warning.msg) == ("feed.W012", True)


@pytest.mark.parametrize(
    ("workers", "layers", "ids"),
    [
        ("4", IN_MEMORY, ["feed.W013"]),
        ("4", {}, ["feed.W013"]),
        ("4", REDIS, []),
        ("1", IN_MEMORY, []),
        ("", IN_MEMORY, []),
        ("many", {}, []),
    ],
)
def test_several_processes_without_a_common_channel_layer_are_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, workers: str, layers: dict[str, object], ids: list[str]
) -> None:
    monkeypatch.setattr(checks_serving, "_is_in_production", lambda: False)
    monkeypatch.setenv("WEB_CONCURRENCY", workers)
    settings.CHANNEL_LAYERS = layers
    assert [warning.id for warning in processes_hear_each_other(None)] == ids


@pytest.mark.database
@pytest.mark.parametrize("debug", [True, False])
def test_postgresql_in_production_is_a_sign_of_several_processes(settings: Settings, debug: bool) -> None:
    settings.DEBUG, settings.CHANNEL_LAYERS = debug, IN_MEMORY
    expected = ["feed.W013"] if connection.vendor == "postgresql" and not debug else []
    assert [warning.id for warning in processes_hear_each_other(None)] == expected


@pytest.mark.parametrize(
    ("arguments", "provider", "ids"),
    [
        (["runserver"], "django.core", ["feed.W014"]),
        (["runserver", "8001"], "django.contrib.staticfiles", ["feed.W014"]),
        (["runserver"], "daphne", []),
        (["migrate"], "django.core", []),
        ([], "django.core", []),
    ],
)
def test_a_runserver_without_websockets_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], provider: str, ids: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", *arguments])
    monkeypatch.setattr(checks_serving, "get_commands", lambda: {"runserver": provider})
    assert [warning.id for warning in development_server_has_websockets(None)] == ids


def test_sessions_that_no_app_has_are_no_error(settings: Settings) -> None:
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django.contrib.sessions"]
    assert sessions_are_in_the_database(None) == []
