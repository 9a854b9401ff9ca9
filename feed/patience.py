"""Asks Redis for what can also be had without it: within a time limit, and not at all while it fails."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock, Semaphore
from typing import Generic, TypeVar

from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE = 0.12
"""Seconds that Redis has for one question; a log-in asks twice. A post must not wait for what only counts."""
MOST_TOLD = 100
"""Messages that may wait to be sent."""
PAUSE = 5.0
"""Seconds for which a Redis that has failed isn't asked again."""

Client = TypeVar("Client")
T = TypeVar("T")
logger = logging.getLogger(__name__)


class PatientRedis(Generic[Client]):
    """
    connect: makes the client, of a pool of connections.
    complaint: what is logged when Redis begins to fail; %s is the reason.
    """

    def __init__(
        self,
        url: str,
        connect: Callable[[ConnectionPool], Client],
        complaint: str,
        patience: float = PATIENCE,
        pause: float = PAUSE,
    ) -> None:
        self._url, self._connect, self._complaint = url, connect, complaint
        self._patience, self._pause = patience, pause
        self._client: Client | None = None
        self._failing = False
        self._again = 0.0
        self._lock = Lock()
        self._room = Semaphore(MOST_TOLD)
        # Only a thread of its own can be left behind when time is up: a timeout of the socket is for each packet,
        # and for looking up a name there is none.
        self._threads = ThreadPoolExecutor(4, "redis")

    def ask(self, question: Callable[[Client], T], instead: Callable[[], T]) -> T:
        """The answer of Redis; or of `instead`, if it fails, or has failed lately."""
        if not self._may_try():
            return instead()
        probing = self._failing
        asked = self._threads.submit(lambda: question(self._connected()))
        try:
            answer = asked.result(self._patience)
        except Exception as error:  # noqa: BLE001 (whatever its client may raise: nobody is kept from posting by it)
            asked.cancel()
            self._lost(error)
            return instead()
        if probing:
            self._found()
        return answer

    def tell(self, message: Callable[[Client], object]) -> None:
        """As `ask`, but nobody waits for it. It is dropped if Redis fails, or if too much waits already."""
        if self._may_try() and self._room.acquire(blocking=False):
            self._threads.submit(lambda: message(self._connected())).add_done_callback(self._told)

    def _told(self, done: "Future[object]") -> None:
        self._room.release()
        if error := done.exception():
            self._lost(error)

    def _connected(self) -> Client:
        with self._lock:  # one pool of connections, whichever thread asks first
            self._client = self._client or self._connect(self._pool())
        return self._client

    def _pool(self) -> ConnectionPool:
        return ConnectionPool.from_url(
            self._url,
            socket_timeout=self._patience,
            socket_connect_timeout=self._patience,
            retry=Retry(NoBackoff(), 0),
        )

    def _may_try(self) -> bool:
        """In an outage for one question after each pause: the others don't wait to see how it ends."""
        with self._lock:
            now = time.monotonic()
            if now < self._again:
                return False
            if self._failing:
                self._again = now + self._pause
            return True

    def _found(self) -> None:
        with self._lock:
            self._again, self._failing = 0.0, False

    def _lost(self, error: BaseException) -> None:
        with self._lock:
            self._again = time.monotonic() + self._pause
            known, self._failing = self._failing, True
        if not known:
            logger.warning(self._complaint, str(error) or type(error).__name__)
