"""What counts for the limits: in memory with a bound, in Redis for all processes, and whatever becomes of Redis."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread

import pytest
import redis as redis_client
from limits.storage import MovingWindowSupport

from feed.ratelimit.storage import FallbackStorage, Memory, Storages
from tests.support import services
from tests.support.processes import free_port, wait_until

HOUR = 3600
SOON = 5.0
"""Seconds: much longer than anything here takes, and shorter than waiting for a Redis that hangs, again and again."""


@pytest.fixture(scope="module")
def redis(redis_url: str) -> Iterator[services.Service]:  # redis_url: skipped, or failed, where there is none
    """One to be killed and frozen."""
    with services.redis() as service:
        yield service


@pytest.fixture
def empty(redis: services.Service) -> services.Service:
    with redis_client.Redis.from_url(redis.url) as client:
        client.flushall()
    return redis


def counted(limit: int = 2) -> Callable[[MovingWindowSupport], bool]:
    return lambda counts: counts.acquire_entry("alice", limit, HOUR)


def test_memory_refuses_what_is_too_many_and_forgets_what_is_over() -> None:
    memory = Memory()
    assert [memory.acquire_entry("alice", 2, HOUR) for _ in range(3)] == [True, True, False]
    begin, count = memory.get_moving_window("alice", 2, HOUR)
    assert count == 2
    assert begin <= time.time()
    assert memory.acquire_entry("bob", 1, 1)
    wait_until(lambda: memory.acquire_entry("bob", 1, 1), "the second to be over")


def test_memory_has_a_bound() -> None:
    memory = Memory(max_times=100)
    for number in range(1000):
        for _ in range(2):
            assert memory.acquire_entry(f"user{number}", 5, HOUR)
    kept = [memory.get_moving_window(f"user{number}", 5, HOUR)[1] for number in range(1000)]
    assert kept == [0] * 950 + [2] * 50


def test_processes_share_what_redis_counts(empty: services.Service) -> None:
    one, other = FallbackStorage(empty.url, timeout=SOON), FallbackStorage(empty.url, timeout=SOON)
    assert one.run(counted())
    assert other.run(counted())
    assert not one.run(counted())
    assert not other.run(counted())


def test_threads_that_ask_at_the_same_time_get_one_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    make, storages = FallbackStorage.__init__, Storages()
    asking: list[int] = []

    def make_late(self: FallbackStorage, redis_url: str | None) -> None:
        wait_until(lambda: len(asking) == 8, "all threads to ask")
        make(self, redis_url)

    def ask(number: int) -> FallbackStorage:
        asking.append(number)
        return storages(None)

    monkeypatch.setattr(FallbackStorage, "__init__", make_late)
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(8)))) == 1


def test_what_redis_counts_does_not_stay_there_for_ever(empty: services.Service) -> None:
    FallbackStorage(empty.url, timeout=SOON).run(counted())
    with redis_client.Redis.from_url(empty.url) as client:
        assert [0 < client.ttl(key) <= HOUR for key in client.scan_iter()] == [True]


def test_a_redis_that_hangs_holds_up_nobody(empty: services.Service) -> None:
    storage = FallbackStorage(empty.url, retry_after=HOUR)
    empty.freeze()
    try:
        began = time.monotonic()
        answers = [storage.run(counted(limit=100)) for _ in range(200)]
        assert time.monotonic() - began < SOON
    finally:
        empty.thaw()
    assert answers == [True] * 100 + [False] * 100  # the limit holds, in this process


def test_a_redis_that_answers_a_byte_at_a_time_holds_up_nobody_and_is_left_alone() -> None:
    with trickling() as (url, listener):
        storage = FallbackStorage(url, retry_after=HOUR)
        began = time.monotonic()
        assert [storage.run(counted(limit=3)) for _ in range(4)] == [True, True, True, False]
        assert time.monotonic() - began < SOON
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody else has come
            listener.accept()


def test_an_outage_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    storage = FallbackStorage(f"redis://127.0.0.1:{free_port()}/0", retry_after=0)
    for _ in range(10):
        storage.run(counted())
    assert [record.levelno for record in logged(caplog)] == [logging.WARNING]
    assert "while Redis fails" in caplog.text


def test_a_redis_that_is_back_is_used_again(empty: services.Service, caplog: pytest.LogCaptureFixture) -> None:
    storage, other = FallbackStorage(empty.url, timeout=SOON, retry_after=0.5), FallbackStorage(empty.url, timeout=SOON)
    assert storage.run(counted())
    empty.kill()
    assert storage.run(counted())
    empty.start()
    wait_until(lambda: storage.run(counted(limit=1000)) and kept(other) > 0, "Redis to be asked again")
    before = kept(other)
    storage.run(counted(limit=1000))
    assert kept(other) == before + 1  # and from now on each time
    empty.kill()
    try:
        storage.run(counted())
        assert len(logged(caplog)) == 2  # another outage, another line
    finally:
        empty.start()


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """All lines but those of the doorbell, whose threads outlive the test that rang it."""
    return [record for record in caplog.records if record.name != "feed.doorbell"]


def kept(storage: FallbackStorage) -> int:
    return storage.run(lambda counts: counts.get_moving_window("alice", 1000, HOUR)[1])


@contextmanager
def trickling() -> Iterator[tuple[str, socket.socket]]:
    """The URL and the socket of something that sends what may be the beginning of an answer, and never its end."""
    over = Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            for _ in range(200):  # or, for who waits, twice as long as is too long
                if over.wait(0.05):
                    break
                connection.sendall(b"+")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Thread(target=serve, args=[listener])
        server.start()
        try:
            yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0", listener
        finally:
            over.set()
            server.join()
