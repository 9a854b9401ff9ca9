from collections.abc import AsyncIterator

import pytest
from django.contrib.auth.models import User

from feed import log
from feed.hub import hub
from feed.messages import MessageFactory
from feed.models import StatusChange
from tests.feed.recorded import forget_changes


@pytest.fixture
async def closed_hub() -> AsyncIterator[None]:
    """Whoever watches in this process starts its hub, which must not outlive the test and its database."""
    yield
    await hub().close()


@pytest.fixture
def empty_log(alice: User) -> None:
    """Nothing is recorded, not even that alice is welcome."""
    forget_changes()


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """What the doorbell was rung with; in place of a channel layer, which tests of their own ring for real."""
    heard: list[tuple[int, str]] = []
    monkeypatch.setattr(MessageFactory, "on_activity", lambda self, summary: heard.append((self.event_id, summary)))
    return heard


@pytest.fixture
def posted_in_between(alice: User, monkeypatch: pytest.MonkeyPatch) -> int:
    """Where the log stands before alice posts "in between", which she does as soon as somebody has asked for that."""
    head = log.number().head
    read_state = log.state

    def state_and_then_a_post() -> log.State:
        state = read_state()
        StatusChange.objects.create(user=alice, text="in between")
        return state

    monkeypatch.setattr(log, "state", state_and_then_a_post)
    return head
