"""Registering handlers."""

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

import feed
from feed import handlers
from feed.handlers import registry
from tests.feed.handlers.conftest import Make
from tests.support.databases import ROOT


def deployed(change: handlers.HandledChange) -> None: ...


def moved(change: handlers.HandledChange) -> None: ...


@pytest.fixture(autouse=True)
def empty(make: Make) -> None:
    """Only the handlers of the test."""


def test_a_handler_is_named_by_the_path_of_its_function() -> None:
    assert feed.handler("kind:deploy")(deployed) is deployed
    (handler,) = handlers.all_handlers().values()
    assert handler.name == "tests.feed.handlers.test_registry.deployed"
    assert handler.streams == {"kind:deploy"}


def test_the_same_function_can_be_registered_again() -> None:
    for _ in range(2):
        feed.handler("kind:deploy")(deployed)
    assert len(registry.HANDLERS) == 1


def test_two_handlers_with_one_name_are_refused() -> None:
    feed.handler("kind:deploy", name="same")(deployed)
    with pytest.raises(ImproperlyConfigured, match="two handlers with the name 'same'"):
        feed.handler("kind:deploy", name="same")(moved)


@pytest.mark.parametrize("streams", [(), (deployed,)])
def test_a_handler_without_streams_is_refused(streams: tuple[str, ...]) -> None:
    with pytest.raises(ImproperlyConfigured, match="Name the streams"):
        feed.handler(*streams)


def test_an_async_function_is_refused() -> None:
    """Nobody would await it."""

    async def later(change: handlers.HandledChange) -> None: ...

    with pytest.raises(ImproperlyConfigured, match="must not be async"):
        feed.handler("public")(later)


def test_a_long_name_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="200 characters"):
        feed.handler("public", name="x" * 201)(deployed)


def test_a_handler_can_be_registered_before_the_apps_are_loaded() -> None:
    code = "import feed; feed.handler('public')(print); import sys; assert 'feed.models' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
