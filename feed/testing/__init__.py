"""For the tests of a project that has installed the feed: who sees what.

With pytest, the plugin `feed.pytest_plugin` offers it as fixtures. With Django's test runner:

    class OrderTests(FeedTestMixin, TestCase): ...
"""

from feed.testing.closing import close_hubs
from feed.testing.kit import FeedKit
from feed.testing.mixin import FeedTestMixin
from feed.testing.watcher import FeedWatcher

__all__ = ["FeedKit", "FeedTestMixin", "FeedWatcher", "close_hubs"]
