"""For Django's own test cases."""

import unittest
from typing import TYPE_CHECKING

from feed.testing.closing import close_hubs
from feed.testing.kit import FeedKit

if TYPE_CHECKING:
    Base = unittest.TestCase
else:
    Base = object


class FeedTestMixin(FeedKit, Base):
    """Stands before TestCase or TransactionTestCase in the bases of a test."""

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        try:
            return super().run(result)
        finally:
            close_hubs()
