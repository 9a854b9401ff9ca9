"""Compares the frames of watchers with the log, and their states with the database. No I/O.

A frame covers the interval (after, position] of the log. It must show each event of the watcher's streams that changed
in the interval, once, in the order of the last changes. So the log determines what each frame must contain.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from tests.faults.harness.database_state import DatabaseState, Logged
from tests.faults.harness.received import NEVER, Frame
from tests.faults.harness.watcher import RecordingWatcher


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts over all watchers.

    committed: changes in the log.
    delivered: changes that lie in the interval of a frame that also shows their event.
    lost: changes that lie in no frame's interval, or whose event the frame doesn't show. Also events that differ
        between a watcher's final state and the database, and recorded commits that the log doesn't have.
    doubled: changes in an interval that an earlier frame has covered, or that a frame shows twice. After a reset,
        changes count as new.
    out_of_order: neighbours in a frame whose order differs from the log's. Also changes with a wrong position, or of
        another interval, and changes in the log whose transaction began after a later change had committed.
    longest_delay: the longest time from a commit until a watcher has the change, in seconds. For a watcher that
        connected after the commit, the time from its connection.
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
    watchers: Iterable[RecordingWatcher], state: DatabaseState, commits: Mapping[int, float], begun: Mapping[int, float]
) -> Verdict:
    """The verdict over all watchers.

    commits, begun: when each change committed, and when its transaction began, by its key (time.monotonic()).
    """
    known = {change.pk for change in state.changes}
    whole = Verdict(
        committed=len(state.changes), lost=len(commits.keys() - known), out_of_order=misplaced(state, commits, begun)
    )
    expectations: dict[frozenset[str], Expectation] = {}
    for watcher in watchers:
        streams = frozenset(watcher.streams)
        expected = expectations.get(streams) or expectations.setdefault(streams, Expectation(state, streams, commits))
        whole += expected.judge(watcher)
    return whole


def misplaced(state: DatabaseState, commits: Mapping[int, float], begun: Mapping[int, float]) -> int:
    """How many changes committed before a change with a lower position began."""
    known = [change.pk for change in state.changes if change.pk in begun]
    latest = accumulate((begun[key] for key in known), max)
    return sum(commits[key] < began for key, began in zip(known, latest, strict=True))


def count_rolled_back(watchers: Iterable[RecordingWatcher]) -> int:
    """How many rows that were rolled back the watchers have received."""
    shown = (one for watcher in watchers for arrival in watcher.arrivals for one in arrival.frame.shown)
    return sum(one.row is not None and (one.row.text or "").startswith(NEVER) for one in shown)


class Expectation:
    """What watchers of the same streams must have received."""

    def __init__(self, state: DatabaseState, streams: frozenset[str], commits: Mapping[int, float]) -> None:
        self.state = state
        self.changes = [change for change in state.changes if not streams.isdisjoint(change.streams)]
        self.positions = [change.position for change in self.changes]
        self.commits = commits
        self.rows = state.rows_in(streams)

    def judge(self, watcher: RecordingWatcher) -> Verdict:
        counted = Verdict()
        cursor = watcher.after
        connected_at = watcher.opened[0] if watcher.opened else 0.0
        for arrival in watcher.arrivals:
            frame = arrival.frame
            if frame.type == "changes":
                counted += self._frame(frame, cursor, arrival.at, connected_at)
            if frame.type in {"changes", "reset"}:
                cursor = frame.position
        unseen = len(self._between(cursor, self.state.head))
        return counted + Verdict(lost=unseen or self._differences(watcher))

    def _frame(self, frame: Frame, cursor: int, at: float, connected_at: float) -> Verdict:
        """Judge a frame to a watcher at this cursor."""
        after = cursor if frame.after is None else frame.after
        begin = min(after, frame.position)
        missed = len(self._between(cursor, begin))
        again = len(self._between(begin, cursor))
        within = self._between(begin, frame.position)
        return self._shown(frame, within, at, connected_at) + Verdict(lost=missed, doubled=again)

    def _shown(self, frame: Frame, changes: Sequence[Logged], at: float, connected_at: float) -> Verdict:
        last = {change.event_id: change.position for change in changes}
        times = Counter(shown.event_id for shown in frame.shown)
        delivered = [change for change in changes if change.event_id in times]
        wrong_positions = sum(
            last.get(one.event_id) != (one.position or last.get(one.event_id, -1)) for one in frame.shown
        )
        order = [last.get(one.event_id, 0) for one in frame.shown]
        return Verdict(
            delivered=len(delivered),
            lost=len(changes) - len(delivered),
            doubled=sum(times.values()) - len(times),
            out_of_order=wrong_positions + sum(one > other for one, other in pairwise(order)),
            longest_delay=max(
                (at - max(connected_at, self.commits.get(change.pk, at)) for change in delivered), default=0.0
            ),
        )

    def _between(self, after: int, upto: int) -> Sequence[Logged]:
        return self.changes[bisect_right(self.positions, after) : bisect_right(self.positions, upto)]

    def _differences(self, watcher: RecordingWatcher) -> int:
        keys = self.rows.keys() | watcher.rows.keys()
        return sum(self.rows.get(key) != watcher.rows.get(key) for key in keys)
