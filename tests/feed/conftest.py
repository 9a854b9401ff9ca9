from collections.abc import AsyncIterator, Iterator

import pytest
from django.contrib.auth.models import User

from feed import log
from feed.hub import hub
from feed.messages import MessageFactory
from feed.models import StatusChange
from tests.feed.recorded import forget_changes
from tests.support import services


@pytest.fixture(scope="module")
def own_redis(redis_url: str) -> Iterator[services.Service]:  # without Redis, redis_url skips or fails
    """A Redis that the tests of a file may empty, freeze and kill."""
    with services.redis() as service:
        yield service


@pytest.fixture
async def closed_hub() -> AsyncIterator[None]:
    """Close the hub that the first watcher starts: it must not outlive the test and its database."""
    yield
    await hub().close()


@pytest.fixture
def empty_log(alice: User) -> None:
    """No change is recorded, not even alice's welcome."""
    forget_changes()


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """The arguments of each ring. It replaces the channel layer, which test_doorbell.py rings for real."""
    arguments: list[tuple[int, str]] = []
    monkeypatch.setattr(MessageFactory, "on_activity", lambda self, summary: arguments.append((self.event_id, summary)))
    return arguments


@pytest.fixture
def posted_in_between(alice: User, monkeypatch: pytest.MonkeyPatch) -> int:
    """Make alice post "in between" right after the first read of the log's state. Returns the head before that post."""
    head = log.number().head
    read_state = log.state

    def read_state_and_post() -> log.State:
        state = read_state()
        StatusChange.objects.create(user=alice, text="in between")
        return state

    monkeypatch.setattr(log, "state", read_state_and_post)
    return head
