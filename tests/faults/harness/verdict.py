"""What became of the changes: frames are held against the log, and states against the database. No I/O.

A frame covers an interval (after, position] of the log, and has to show each event that changed in it, in the
streams of its watcher, once, in the order of the last changes. So the log says what each frame must have shown.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from tests.faults.harness.received import NEVER, Frame
from tests.faults.harness.truth import Logged, Truth
from tests.faults.harness.watcher import Watcher


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts over all watchers.

    committed: changes in the log.
    delivered: times that a change reached a watcher: it lies in the interval of a frame that was sent, and its
        event is in that frame, with its then present state.
    lost: times that a change didn't: it lies in no frame's interval, or the frame doesn't show its event; and events
        of which a watcher has built another state in the end than the database has; and commits that a posting
        process knows of, and the log does not.
    doubled: times that a change came again: in an interval that was covered before, or a second time in one frame.
        What follows a reset is not, and counts as if it was new.
    out_of_order: neighbours in a frame that are in another order than in the log; and changes that a frame tells
        another position of, or that are not of its interval at all; and changes in the log whose transaction began
        when one that stands behind them had committed.
    longest_delay: seconds from a commit, or from when a watcher came if that was later, until it was sent the change,
        at most.
    """

    committed: int = 0
    delivered: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    longest_delay: float = 0.0

    def __add__(self, other: "Verdict") -> "Verdict":
        return Verdict(
            self.committed + other.committed,
            self.delivered + other.delivered,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.out_of_order + other.out_of_order,
            max(self.longest_delay, other.longest_delay),
        )


def judge(
    watchers: Iterable[Watcher], truth: Truth, commits: Mapping[int, float], begun: Mapping[int, float]
) -> Verdict:
    """The verdict over them all.

    commits, begun: when which change has committed, and when its transaction began, by its key (time.monotonic()).
    """
    known = {change.pk for change in truth.changes}
    whole = Verdict(
        committed=len(truth.changes), lost=len(commits.keys() - known), out_of_order=misplaced(truth, commits, begun)
    )
    expectations: dict[frozenset[str], Expectation] = {}
    for watcher in watchers:
        streams = frozenset(watcher.streams)
        expected = expectations.get(streams) or expectations.setdefault(streams, Expectation(truth, streams, commits))
        whole += expected.judge(watcher)
    return whole


def misplaced(truth: Truth, commits: Mapping[int, float], begun: Mapping[int, float]) -> int:
    """How many changes have committed before one began that has a lower position."""
    known = [change.pk for change in truth.changes if change.pk in begun]
    latest = accumulate((begun[key] for key in known), max)
    return sum(commits[key] < began for key, began in zip(known, latest, strict=True))


def unwanted(watchers: Iterable[Watcher]) -> int:
    """How many times something was shown that has never been committed."""
    shown = (one for watcher in watchers for arrival in watcher.arrivals for one in arrival.frame.shown)
    return sum(one.row is not None and (one.row.text or "").startswith(NEVER) for one in shown)


class Expectation:
    """What watchers of the same streams must have been sent."""

    def __init__(self, truth: Truth, streams: frozenset[str], commits: Mapping[int, float]) -> None:
        self.truth = truth
        self.changes = [change for change in truth.changes if not streams.isdisjoint(change.streams)]
        self.positions = [change.position for change in self.changes]
        self.commits = commits
        self.rows = truth.rows_in(streams)

    def judge(self, watcher: Watcher) -> Verdict:
        counted = Verdict()
        cursor = watcher.after
        came = watcher.opened[0] if watcher.opened else 0.0
        for arrival in watcher.arrivals:
            frame = arrival.frame
            if frame.type == "changes":
                counted += self._frame(frame, cursor, arrival.at, came)
            if frame.type in {"changes", "reset"}:
                cursor = frame.position
        unseen = len(self._between(cursor, self.truth.head))
        return counted + Verdict(lost=unseen or self._differences(watcher))

    def _frame(self, frame: Frame, cursor: int, at: float, came: float) -> Verdict:
        """A frame to somebody who had everything up to the cursor."""
        after = cursor if frame.after is None else frame.after
        begin = min(after, frame.position)
        missed = len(self._between(cursor, begin))
        again = len(self._between(begin, cursor))
        within = self._between(begin, frame.position)
        return self._shown(frame, within, at, came) + Verdict(lost=missed, doubled=again)

    def _shown(self, frame: Frame, changes: Sequence[Logged], at: float, came: float) -> Verdict:
        last = {change.event_id: change.position for change in changes}
        times = Counter(shown.event_id for shown in frame.shown)
        there = [change for change in changes if change.event_id in times]
        strange = sum(last.get(one.event_id) != (one.position or last.get(one.event_id, -1)) for one in frame.shown)
        order = [last.get(one.event_id, 0) for one in frame.shown]
        return Verdict(
            delivered=len(there),
            lost=len(changes) - len(there),
            doubled=sum(times.values()) - len(times),
            out_of_order=strange + sum(one > other for one, other in pairwise(order)),
            longest_delay=max((at - max(came, self.commits.get(change.pk, at)) for change in there), default=0.0),
        )

    def _between(self, after: int, upto: int) -> Sequence[Logged]:
        return self.changes[bisect_right(self.positions, after) : bisect_right(self.positions, upto)]

    def _differences(self, watcher: Watcher) -> int:
        keys = self.rows.keys() | watcher.rows.keys()
        return sum(self.rows.get(key) != watcher.rows.get(key) for key in keys)
