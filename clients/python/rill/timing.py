"""How long to wait for what, in seconds."""

import random
from dataclasses import dataclass

SILENT_HEARTBEATS = 2.5
"""A connection that has been silent for this many heartbeats is tried with a ping."""


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds.

    heartbeat: the server's `FEED_HEARTBEAT`. timeout: for a connection, for the answer to a request, and for the answer
    to a ping. min_delay, max_delay: of the waits between tries. tries: how often a post is sent.
    """

    heartbeat: float = 15.0
    timeout: float = 10.0
    min_delay: float = 0.5
    max_delay: float = 30.0
    tries: int = 6

    @property
    def patience(self) -> float:
        """Seconds of silence after which to ask whether the connection is alive."""
        return SILENT_HEARTBEATS * self.heartbeat


class Backoff:
    """Waits between tries: exponential, with jitter, so that clients don't all come back at once."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self.reset()

    def reset(self) -> None:
        self._delay = self._timing.min_delay
        self._is_first = True

    def next(self, *, at_least: float = 0.0, soon: bool = False) -> float:
        """Seconds to wait. soon: the server has said that it is only restarting, so the first wait may be short."""
        shortest = 0.0 if soon and self._is_first else self._delay / 2
        wait = random.uniform(shortest, self._delay)  # noqa: S311 (no secret)
        self._delay, self._is_first = min(2 * self._delay, self._timing.max_delay), False
        return at_least + wait
