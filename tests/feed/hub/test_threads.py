"""Reads that hang: their thread is abandoned, and the next read gets a new one."""

import threading

import pytest
from django.db import OperationalError, connection

from feed.hub import threads
from feed.hub.threads import ReadingThreads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql, pytest.mark.database]


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "READ_TIMEOUT", 0.2)
    monkeypatch.setattr(threads, "CHECK_INTERVAL", 0.02)


@pytest.mark.usefixtures("short_timeout")
async def test_a_read_after_one_that_hangs_gets_a_new_thread() -> None:
    reading, answered = ReadingThreads(1, "test"), threading.Event()
    first = await reading.run(threading.get_ident)
    with pytest.raises(OperationalError, match="not answered"):
        await reading.run(answered.wait)
    assert await reading.run(threading.get_ident) != first
    answered.set()
    await reading.close()


@pytest.mark.usefixtures("short_timeout")
async def test_the_caller_gets_the_exception_of_its_read() -> None:
    reading = ReadingThreads(1, "test")
    with pytest.raises(ZeroDivisionError):
        await reading.run(lambda: 1 / 0)
    assert connection.vendor == "postgresql"
    await reading.close()
