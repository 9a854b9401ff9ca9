"""Reads that are never answered: their threads are left, and the next read has another."""

import threading

import pytest
from django.db import OperationalError, connection

from feed.hub import threads
from feed.hub.threads import ReadingThreads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql, pytest.mark.database]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "READ_TIMEOUT", 0.2)
    monkeypatch.setattr(threads, "STEP", 0.02)


@pytest.mark.usefixtures("impatient")
async def test_a_read_that_hangs_is_left_and_the_next_one_has_another_thread() -> None:
    reading, answered = ReadingThreads(1, "test"), threading.Event()
    first = await reading.run(threading.get_ident)
    with pytest.raises(OperationalError, match="not answered"):
        await reading.run(answered.wait)
    assert await reading.run(threading.get_ident) != first
    answered.set()
    await reading.close()


@pytest.mark.usefixtures("impatient")
async def test_what_a_read_raises_reaches_the_one_who_asked() -> None:
    reading = ReadingThreads(1, "test")
    with pytest.raises(ZeroDivisionError):
        await reading.run(lambda: 1 / 0)
    assert connection.vendor == "postgresql"
    await reading.close()
