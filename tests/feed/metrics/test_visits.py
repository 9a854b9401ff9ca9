"""Why a connection has ended: each way to end one has a name."""

import asyncio

import pytest
from django.db import OperationalError

from feed.connection.asgi import Disconnected
from feed.counts import counts
from feed.hub.drain import ServerStopping
from feed.hub.scheduler import Stalled
from feed.refusals import Refusal
from feed.visit import Visit

ENDS: list[tuple[BaseException, str]] = [
    (Disconnected(), "left"),
    (ServerStopping(), "drained"),
    (Stalled(), "stalled"),
    (TimeoutError(), "stalled"),
    (OperationalError(), "database"),
    (ZeroDivisionError(), "error"),
    (asyncio.CancelledError(), "cancelled"),
]


@pytest.mark.parametrize(("error", "reason"), ENDS, ids=[type(error).__name__ for error, _ in ENDS])
def test_each_way_to_end_has_a_reason(error: BaseException, reason: str) -> None:
    visit, before = Visit(""), counts.ended[reason]
    with pytest.raises(type(error)), visit:
        raise error
    assert (visit.reason, counts.ended[reason] - before) == (reason, 1)


def test_a_refusal_counts_by_its_code_too() -> None:
    visit, before = Visit(""), (counts.ended["refused"], counts.refusals["bad_cursor"])
    with pytest.raises(Refusal), visit:
        raise Refusal("bad_cursor", "A cursor is a number.")
    assert visit.reason == "bad_cursor"
    assert (counts.ended["refused"], counts.refusals["bad_cursor"]) == (before[0] + 1, before[1] + 1)
