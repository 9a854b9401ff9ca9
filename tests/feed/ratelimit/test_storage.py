"""Where hits are counted: in Redis for all processes, and in bounded memory without Redis or while it fails."""

import logging
import socket
import sys
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
TIMEOUT = 5.0
"""Seconds. Much more than these tests take, and less than waiting for a hanging Redis at each hit would take."""


def hit_by_alice(limit: int = 2) -> Callable[[MovingWindowSupport], bool]:
    return lambda counts: counts.acquire_entry("alice", limit, HOUR)


def test_memory_refuses_hits_over_the_limit_and_forgets_expired_ones() -> None:
    memory = Memory()
    assert [memory.acquire_entry("alice", 2, HOUR) for _ in range(3)] == [True, True, False]
    begin, count = memory.get_moving_window("alice", 2, HOUR)
    assert count == 2
    assert begin <= time.time()
    assert memory.acquire_entry("bob", 1, 1)
    wait_until(lambda: memory.acquire_entry("bob", 1, 1), "the second to be over")


def test_memory_counts_if_redis_is_named_and_its_library_missing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    storage = FallbackStorage("redis://localhost:6379/0", TIMEOUT)
    assert [storage.run(hit_by_alice()) for _ in range(3)] == [True, True, False]
    assert "Each process counts rate limits by itself" in caplog.text


def test_memory_is_bounded() -> None:
    memory = Memory(max_times=100)
    for number in range(1000):
        for _ in range(2):
            assert memory.acquire_entry(f"user{number}", 5, HOUR)
    counts = [memory.get_moving_window(f"user{number}", 5, HOUR)[1] for number in range(1000)]
    assert counts == [0] * 950 + [2] * 50


def test_processes_share_the_counts_in_redis(redis: services.Service) -> None:
    one, other = FallbackStorage(redis.url, timeout=TIMEOUT), FallbackStorage(redis.url, timeout=TIMEOUT)
    assert one.run(hit_by_alice())
    assert other.run(hit_by_alice())
    assert not one.run(hit_by_alice())
    assert not other.run(hit_by_alice())


def test_concurrent_threads_get_the_same_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    init, storages = FallbackStorage.__init__, Storages()
    waiting: list[int] = []

    def init_slowly(self: FallbackStorage, redis_url: str | None) -> None:
        wait_until(lambda: len(waiting) == 8, "all threads to ask")
        init(self, redis_url)

    def ask(number: int) -> FallbackStorage:
        waiting.append(number)
        return storages(None)

    monkeypatch.setattr(FallbackStorage, "__init__", init_slowly)
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(8)))) == 1


def test_counts_in_redis_expire(redis: services.Service) -> None:
    FallbackStorage(redis.url, timeout=TIMEOUT).run(hit_by_alice())
    with redis_client.Redis.from_url(redis.url) as client:
        assert [0 < client.ttl(key) <= HOUR for key in client.scan_iter()] == [True]


def test_a_redis_that_hangs_does_not_delay_hits(redis: services.Service) -> None:
    storage = FallbackStorage(redis.url, retry_after=HOUR)
    redis.freeze()
    try:
        began = time.monotonic()
        results = [storage.run(hit_by_alice(limit=100)) for _ in range(200)]
        assert time.monotonic() - began < TIMEOUT
    finally:
        redis.thaw()
    assert results == [True] * 100 + [False] * 100  # memory enforces the limit


def test_a_redis_that_answers_byte_by_byte_does_not_delay_hits_and_is_not_asked_again() -> None:
    with trickling() as (url, listener):
        storage = FallbackStorage(url, retry_after=HOUR)
        began = time.monotonic()
        assert [storage.run(hit_by_alice(limit=3)) for _ in range(4)] == [True, True, True, False]
        assert time.monotonic() - began < TIMEOUT
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):  # no second connection
            listener.accept()


def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    storage = FallbackStorage(f"redis://127.0.0.1:{free_port()}/0", retry_after=0)
    for _ in range(10):
        storage.run(hit_by_alice())
    assert [record.levelno for record in logged(caplog)] == [logging.WARNING]
    assert "while Redis fails" in caplog.text


def test_a_redis_that_is_back_is_used_again(redis: services.Service, caplog: pytest.LogCaptureFixture) -> None:
    storage, other = (
        FallbackStorage(redis.url, timeout=TIMEOUT, retry_after=0.5),
        FallbackStorage(redis.url, timeout=TIMEOUT),
    )
    assert storage.run(hit_by_alice())
    redis.kill()
    assert storage.run(hit_by_alice())
    redis.start()
    wait_until(lambda: storage.run(hit_by_alice(limit=1000)) and count_of_alice(other) > 0, "Redis to be asked again")
    before = count_of_alice(other)
    storage.run(hit_by_alice(limit=1000))
    assert count_of_alice(other) == before + 1  # counted in Redis again
    redis.kill()
    try:
        storage.run(hit_by_alice())
        assert len(logged(caplog)) == 2  # one line for each outage
    finally:
        redis.start()


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """All records but those of the doorbell, whose threads outlive the test that rang it."""
    return [record for record in caplog.records if record.name != "feed.doorbell"]


def count_of_alice(storage: FallbackStorage) -> int:
    return storage.run(lambda counts: counts.get_moving_window("alice", 1000, HOUR)[1])


@contextmanager
def trickling() -> Iterator[tuple[str, socket.socket]]:
    """The URL and the socket of a server that sends an endless response, byte by byte."""
    stopped = Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            for _ in range(200):  # 10 seconds: a client that waits exceeds TIMEOUT
                if stopped.wait(0.05):
                    break
                connection.sendall(b"+")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Thread(target=serve, args=[listener])
        server.start()
        try:
            yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0", listener
        finally:
            stopped.set()
            server.join()
