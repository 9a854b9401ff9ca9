"""A circuit breaker for optional uses of Redis: each query has a time limit, and while Redis fails there are none."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock, Semaphore
from typing import Any, Generic, TypeVar

TIMEOUT = 0.12
"""Seconds for one query. A log-in makes two. A post must not wait long for something that only counts."""
MAX_SUBMITTED = 100
"""Commands that may wait to be sent."""
RETRY_AFTER = 5.0
"""Seconds without queries after Redis has failed."""

Client = TypeVar("Client")
T = TypeVar("T")
logger = logging.getLogger(__name__)


class RedisBreaker(Generic[Client]):
    """
    connect: makes the client from a pool of connections.
    warning: what is logged when Redis begins to fail; %s is the reason.
    """

    def __init__(
        self,
        url: str,
        connect: Callable[[Any], Client],
        warning: str,
        timeout: float = TIMEOUT,
        retry_after: float = RETRY_AFTER,
    ) -> None:
        self._url, self._connect, self._warning = url, connect, warning
        self._timeout, self._retry_after = timeout, retry_after
        self._client: Client | None = None
        self._failing = False
        self._retry_at = 0.0
        self._lock = Lock()
        self._room = Semaphore(MAX_SUBMITTED)
        # Threads, because only a thread can be abandoned in time: a socket timeout counts for each packet, and
        # resolving a name has none.
        self._threads = ThreadPoolExecutor(4, "redis")

    def run(self, query: Callable[[Client], T], instead: Callable[[], T]) -> T:
        """The result of `query`; or of `instead` if Redis fails, or has failed lately."""
        if not self._may_try():
            return instead()
        probing = self._failing
        running = self._threads.submit(lambda: query(self._connected()))
        try:
            answer = running.result(self._timeout)
        except Exception as error:  # noqa: BLE001 (whatever the client may raise: it must not stop a post)
            running.cancel()
            self._failed(error)
            return instead()
        if probing:
            self._recovered()
        return answer

    def submit(self, command: Callable[[Client], object]) -> None:
        """Run `command` without waiting for it. It is dropped if Redis fails, or if too many commands wait already."""
        if self._may_try() and self._room.acquire(blocking=False):
            self._threads.submit(lambda: command(self._connected())).add_done_callback(self._submitted)

    def _submitted(self, done: Future[object]) -> None:
        self._room.release()
        if error := done.exception():
            self._failed(error)

    def _connected(self) -> Client:
        with self._lock:  # one pool of connections for all threads
            self._client = self._client or self._connect(self._pool())
        return self._client

    def _pool(self) -> Any:
        # Optional; the check feed.E006 reports it if it is missing. FeedConfig.ready has loaded it, because that takes
        # longer than a query may.
        from redis import ConnectionPool  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        return ConnectionPool.from_url(
            self._url,
            socket_timeout=self._timeout,
            socket_connect_timeout=self._timeout,
            retry=Retry(NoBackoff(), 0),
        )

    def _may_try(self) -> bool:
        """While Redis fails: true for one query after each pause. The others don't wait for its result."""
        with self._lock:
            now = time.monotonic()
            if now < self._retry_at:
                return False
            if self._failing:
                self._retry_at = now + self._retry_after
            return True

    def _recovered(self) -> None:
        with self._lock:
            self._retry_at, self._failing = 0.0, False

    def _failed(self, error: BaseException) -> None:
        with self._lock:
            self._retry_at = time.monotonic() + self._retry_after
            known, self._failing = self._failing, True
        if not known:
            logger.warning(self._warning, str(error) or type(error).__name__)
