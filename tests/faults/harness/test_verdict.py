"""The verdict finds what is lost, doubled or out of order, and nothing else."""

import pytest

from tests.faults.harness.database_state import DatabaseState, Logged
from tests.faults.harness.received import NEVER, FormatName, Frame, Row, Shown
from tests.faults.harness.verdict import Verdict, count_rolled_back, judge
from tests.faults.harness.watcher import Arrival, RecordingWatcher

ALL, COMMENTS = frozenset({"public"}), frozenset({"public", "kind:comment"})
ONE, TWO = Row("status_change", "ada", "one", edited=True), Row("comment", "ada", "two", edited=False)
STATE = DatabaseState(
    "k3x9",
    (
        Logged(11, 1, 1, "created", ALL),
        Logged(12, 2, 2, "created", COMMENTS),
        Logged(13, 3, 3, "created", ALL),
        Logged(15, 4, 1, "updated", ALL),
        Logged(16, 5, 3, "deleted", ALL),
    ),
    {1: (ONE, ALL), 2: (TWO, COMMENTS)},
)
COMMITTED = {11: 100.0, 12: 100.0, 13: 100.0, 15: 101.0, 16: 102.0}
BEGUN = {key: at - 0.5 for key, at in COMMITTED.items()}


def ending(position: int, *events: int) -> Frame:
    """A frame of the html format, which has only its end."""
    return Frame("changes", position, shown=tuple(map(shown, events)))


def tiling(after: int, position: int, *events: int) -> Frame:
    """A frame of the json format, without the positions of its changes."""
    return Frame("changes", position, after, "k3x9", tuple(map(shown, events)))


def shown(event: int) -> Shown:
    row = {1: ONE, 2: TWO}.get(event)
    return Shown(event, "created" if row else "deleted", row)


def watched(*frames: Frame, stream: str = "public", form: FormatName = "json") -> RecordingWatcher:
    """A watcher that received these frames, a second after the last commit."""
    watcher = RecordingWatcher(["http://localhost/"], (stream,), form)
    watcher.opened.append(0.0)
    for one in frames:
        watcher.arrivals.append(Arrival(103.0, one))
        watcher._apply(one)
    return watcher


def verdict(*frames: Frame, stream: str = "public") -> Verdict:
    return judge([watched(*frames, stream=stream)], STATE, COMMITTED, BEGUN)


@pytest.mark.parametrize(
    "frames",
    [
        [tiling(0, 5, 2, 1, 3)],
        [tiling(0, 2, 1, 2), tiling(2, 5, 1, 3)],
        [tiling(0, 1, 1), tiling(1, 1), tiling(1, 2, 2), tiling(2, 3, 3), tiling(3, 4, 1), tiling(4, 5, 3)],
    ],
    ids=["one frame", "two frames", "a frame for each change"],
)
def test_a_tiling_of_the_log_passes_for_any_frame_size(frames: list[Frame]) -> None:
    assert verdict(*frames) == Verdict(committed=5, delivered=5, longest_delay=3.0)


def test_a_watcher_is_compared_only_with_the_changes_of_its_streams() -> None:
    assert verdict(tiling(0, 5, 2), stream="kind:comment") == Verdict(committed=5, delivered=1, longest_delay=3.0)


def test_a_change_missing_from_its_frame_is_lost() -> None:
    assert verdict(tiling(0, 5, 2, 3)).lost >= 2


def test_a_change_between_two_frames_is_lost() -> None:
    assert verdict(tiling(0, 1, 1), tiling(2, 5, 1, 3)).lost >= 1


def test_a_change_that_was_never_sent_is_lost() -> None:
    assert verdict(tiling(0, 3, 1, 2, 3)).lost == 2


def test_a_final_state_that_differs_from_the_database_is_a_loss() -> None:
    watcher = watched(tiling(0, 5, 2, 1, 3))
    watcher.rows[1] = TWO
    assert judge([watcher], STATE, COMMITTED, BEGUN).lost == 1


def test_a_recorded_commit_missing_from_the_log_is_lost() -> None:
    assert judge([watched(tiling(0, 5, 2, 1, 3))], STATE, COMMITTED | {14: 100.5}, BEGUN).lost == 1


def test_a_change_in_two_frames_is_doubled() -> None:
    assert verdict(tiling(0, 2, 1, 2), tiling(1, 5, 2, 1, 3)).doubled == 1


def test_a_change_shown_twice_in_one_frame_is_doubled() -> None:
    assert verdict(tiling(0, 5, 2, 1, 1, 3)).doubled == 1


def test_changes_in_another_order_than_the_logs_are_out_of_order() -> None:
    assert verdict(tiling(0, 5, 1, 2, 3)).out_of_order == 1


def test_a_transaction_that_began_after_a_commit_must_come_after_it_in_the_log() -> None:
    late = COMMITTED | {11: 101.0}
    assert judge([watched(tiling(0, 5, 2, 1, 3))], STATE, late, BEGUN | {11: 99.9}).out_of_order == 0
    assert judge([watched(tiling(0, 5, 2, 1, 3))], STATE, late, BEGUN | {11: 100.9}).out_of_order == 2


def test_a_change_outside_the_frames_interval_is_out_of_order() -> None:
    assert verdict(tiling(0, 3, 1, 2, 3), tiling(3, 5, 2, 1, 3)).out_of_order >= 1


def test_a_change_with_a_wrong_position_is_out_of_order() -> None:
    wrong = Frame(
        "changes", 5, 0, "k3x9", tuple(Shown(*one) for one in [(2, "", TWO, 1), (1, "", ONE, 4), (3, "", None, 5)])
    )
    assert verdict(wrong).out_of_order == 1


def test_frames_without_a_beginning_are_judged_by_their_ends() -> None:
    whole = [ending(2, 1, 2), ending(5, 1, 3)]
    assert verdict(*whole) == Verdict(committed=5, delivered=5, longest_delay=3.0)
    assert verdict(whole[0], ending(5, 3)).lost >= 1
    assert verdict(whole[0], ending(1), ending(5, 2, 1, 3)).doubled >= 1


def test_a_watcher_is_judged_from_the_position_of_its_reset() -> None:
    watcher = watched(tiling(0, 1, 1), Frame("reset", 3, log="k3x9"), tiling(3, 5, 1, 3))
    watcher.rows = {1: ONE, 2: TWO}
    assert judge([watcher], STATE, COMMITTED, BEGUN) == Verdict(committed=5, delivered=3, longest_delay=3.0)


def test_a_row_that_was_rolled_back_is_counted() -> None:
    rolled_back = Shown(9, "created", Row("status_change", "ada", f"{NEVER}: 1", edited=False))
    assert count_rolled_back([watched(Frame("changes", 1, shown=(rolled_back,)))]) == 1
    assert count_rolled_back([watched(tiling(0, 5, 2, 1, 3))]) == 0
