"""The system check of handlers."""

import pytest

from feed.checks_handlers import handlers_follow_streams
from tests.feed.handlers.conftest import Make


def test_handlers_of_streams_that_exist_pass(make: Make) -> None:
    make(print, "public", "kind:of_another_release", "user:alice")
    assert handlers_follow_streams(None) == []


@pytest.mark.parametrize("stream", ["kinds:deploy", "kind:", "public:", "home"])
def test_a_stream_that_cannot_hold_anything_is_an_error(make: Make, stream: str) -> None:
    make(print, "public", stream)
    (error,) = handlers_follow_streams(None)
    assert error.id == "feed.E015"
    assert "handler test" in error.msg
