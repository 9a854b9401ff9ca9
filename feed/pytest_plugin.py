"""The pytest plugin of the feed: docs/testing.md.

pytest imports it before Django is set up, so it imports the rest only when a test uses it.
"""

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from feed.testing import FeedKit, FeedWatcher


@pytest.fixture
def feed_kit() -> "FeedKit":
    from feed.testing import FeedKit

    return FeedKit()


@pytest.fixture
def feed_watcher(feed_kit: "FeedKit") -> "Callable[..., FeedWatcher]":
    """`feed_watcher(user=None, streams=("public",), after=None, format="json")`: a client that has just connected."""
    return feed_kit.feed_watcher


@pytest.fixture
def assert_sees(feed_kit: "FeedKit") -> Callable[[Any, Any], None]:
    """`assert_sees(user, event)`: on every way."""
    return feed_kit.assert_sees


@pytest.fixture
def assert_not_sees(feed_kit: "FeedKit") -> Callable[[Any, Any], None]:
    """`assert_not_sees(user, event)`: on no way."""
    return feed_kit.assert_not_sees


@pytest.fixture(autouse=True)
def _closed_hubs() -> Iterator[None]:
    """No hub outlives its test, and keeps the test database from being dropped."""
    yield
    if "feed.hub" in sys.modules:
        from feed.testing import close_hubs

        close_hubs()
