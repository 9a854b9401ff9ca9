"""How long a client was connected, and why that ended. The same for every door."""

import logging
from time import monotonic
from types import TracebackType
from typing import Any

from django.db import Error as DatabaseError

from feed.connection.asgi import Disconnected
from feed.counts import counts
from feed.hub.drain import ServerStopping
from feed.hub.scheduler import Stalled
from feed.hub.watcher import Watcher
from feed.logging.request_ids import current
from feed.refusals import Refusal

REASONS: dict[type[BaseException], str] = {
    Disconnected: "left",
    Refusal: "refused",
    ServerStopping: "drained",
    Stalled: "stalled",
    TimeoutError: "stalled",
    DatabaseError: "database",
    Exception: "error",
    BaseException: "cancelled",
}

logger = logging.getLogger("feed.connections")


class Visit:
    """One connection. Put what serves the client into its `with` block, whose exception says why it ended.

    watcher: None before the client has said what it wants.
    code: the close code that it was sent; None if it has left by itself.
    """

    __slots__ = ("_begun", "_request_id", "code", "reason", "watcher")

    def __init__(self, request_id: str) -> None:
        self.watcher: Watcher | None = None
        self.code: int | None = None
        self.reason = "left"
        self._begun, self._request_id = monotonic(), request_id

    def __enter__(self) -> None:
        if self._request_id:
            current.set(self._request_id)  # in the context of the task that serves the client

    def __exit__(self, kind: object, error: BaseException | None, traceback: TracebackType | None) -> None:
        if error:
            self.reason = next(name for each, name in REASONS.items() if isinstance(error, each))
        counts.ended[self.reason] += 1
        if isinstance(error, Refusal):
            self.reason = error.code
            counts.refusals[error.code] += 1

    def log(self, door: str, server: str) -> None:
        """Log the connection, in one line. door: the format, or the way that the client came by."""
        if logger.isEnabledFor(logging.INFO):
            seconds = round(monotonic() - self._begun, 3)
            fields = {"door": door, "server": server, "seconds": seconds, "code": self.code, "reason": self.reason}
            logger.info("A connection has ended", extra=fields | self._of_watcher())

    def _of_watcher(self) -> dict[str, Any]:
        if (watcher := self.watcher) is None:
            return {}
        return {
            "user": watcher.login.user if watcher.login else "",
            "streams": len(watcher.streams),
            "frames": watcher.frames,
            "bytes": watcher.sent_bytes,
        }
