from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.feed.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver on this machine, to which webhooks may be sent."""
    settings.FEED_WEBHOOK_PRIVATE = True
    with receiving() as receiver:
        yield receiver
