"""How long a client was connected, and why that ended. The same for every door."""

from types import TracebackType

from django.db import Error as DatabaseError

from feed.connection.asgi import Disconnected
from feed.counts import counts
from feed.hub.drain import ServerStopping
from feed.hub.scheduler import Stalled
from feed.hub.watcher import Watcher
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


class Visit:
    """One connection. Put what serves the client into its `with` block, whose exception says why it ended.

    watcher: None before the client has said what it wants.
    code: the close code that it was sent; None if it has left by itself.
    """

    __slots__ = ("code", "reason", "watcher")

    def __init__(self) -> None:
        self.watcher: Watcher | None = None
        self.code: int | None = None
        self.reason = "left"

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, traceback: TracebackType | None) -> None:
        if error:
            self.reason = next(name for each, name in REASONS.items() if isinstance(error, each))
        counts.ended[self.reason] += 1
        if isinstance(error, Refusal):
            self.reason = error.code
            counts.refusals[error.code] += 1
