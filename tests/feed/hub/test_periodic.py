"""Work that a hub does again and again."""

import asyncio

import pytest
from django.db import OperationalError

from feed.hub.periodic import every


@pytest.mark.parametrize("error", [OperationalError("the database is gone"), ZeroDivisionError("a bug")])
async def test_work_that_fails_is_done_again(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """The check of the sessions must go on, or the connections of ended sessions would stay."""
    done_again = asyncio.Event()
    errors = [error]

    async def work() -> None:
        if errors:
            raise errors.pop()
        done_again.set()

    task = asyncio.create_task(every(0.001, work, "check"))
    try:
        async with asyncio.timeout(10):
            await done_again.wait()
    finally:
        task.cancel()
    assert ("The check failed this time" in caplog.text) is isinstance(error, ZeroDivisionError)
