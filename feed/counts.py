"""What this process has done since it started, as plain numbers. `feed.metrics` reads them; nothing here knows that.

Each number is written by one thread, or where a lock is held anyway, or it counts something that takes far longer than
to count it.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: the upper bounds of the buckets of a delay. The last bucket has none."""


class Delays:
    """A histogram of seconds."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def add(self, seconds: float, times: int) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += times
        self.sum += seconds * times


@dataclass(eq=False)
class Counts:
    """
    frames, sent_bytes: what watchers were sent, by door.
    delays: from the recording of a change to the frame that shows it, of watchers that were connected before.
    changes: changes of the log that were read.
    bells: how often the hub was told that the log has grown, by whom: `doorbell` or `look`.
    missed: changes that a poll has found, because no bell told the hub of them.
    resets: frames that made a client start anew, by reason.
    ended: connections that have ended, by reason.
    refusals: connections that were refused or ended with an error frame, by its code.
    row_hits, row_misses: rows that were in the cache of this process or shared by another one, and rows that weren't.
    pages, page_seconds: answered requests and the seconds that they took, by method, route and status.
    """

    frames: Counter[str] = field(default_factory=Counter)
    sent_bytes: Counter[str] = field(default_factory=Counter)
    delays: Delays = field(default_factory=Delays)
    changes: int = 0
    bells: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    resets: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    row_hits: int = 0
    row_misses: int = 0
    pages: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    page_seconds: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def page(self, key: tuple[str, str, int], seconds: float) -> None:
        with self.lock:  # many threads answer requests
            self.pages[key] += 1
            self.page_seconds[key] += seconds  # type: ignore[assignment] # a Counter adds floats as well


counts = Counts()
