"""The judge: what is lost, doubled or out of order is found, and nothing else is."""

import pytest

from tests.faults.harness.received import NEVER, FormatName, Frame, Row, Shown
from tests.faults.harness.truth import Logged, Truth
from tests.faults.harness.verdict import Verdict, judge, unwanted
from tests.faults.harness.watcher import Arrival, Watcher

ALL, COMMENTS = frozenset({"public"}), frozenset({"public", "kind:comment"})
ONE, TWO = Row("status_change", "ada", "one", edited=True), Row("comment", "ada", "two", edited=False)
TRUTH = Truth(
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
    """A frame of the html format: it tells only where it ends."""
    return Frame("changes", position, shown=tuple(map(shown, events)))


def tiling(after: int, position: int, *events: int) -> Frame:
    """A frame of the json format, without the positions of its changes."""
    return Frame("changes", position, after, "k3x9", tuple(map(shown, events)))


def shown(event: int) -> Shown:
    row = {1: ONE, 2: TWO}.get(event)
    return Shown(event, "created" if row else "deleted", row)


def watched(*frames: Frame, stream: str = "public", form: FormatName = "json") -> Watcher:
    """Somebody who was sent these, a second after the last commit, and has understood them."""
    watcher = Watcher(["http://localhost/"], (stream,), form)
    watcher.opened.append(0.0)
    for one in frames:
        watcher.arrivals.append(Arrival(103.0, one))
        watcher._apply(one)
    return watcher


def verdict(*frames: Frame, stream: str = "public") -> Verdict:
    return judge([watched(*frames, stream=stream)], TRUTH, COMMITTED, BEGUN)


@pytest.mark.parametrize(
    "frames",
    [
        [tiling(0, 5, 2, 1, 3)],
        [tiling(0, 2, 1, 2), tiling(2, 5, 1, 3)],
        [tiling(0, 1, 1), tiling(1, 1), tiling(1, 2, 2), tiling(2, 3, 3), tiling(3, 4, 1), tiling(4, 5, 3)],
    ],
    ids=["at once", "in two", "one by one"],
)
def test_however_the_log_is_cut_into_frames_nothing_is_wrong(frames: list[Frame]) -> None:
    assert verdict(*frames) == Verdict(committed=5, delivered=5, longest_delay=3.0)


def test_a_stream_is_held_against_its_own_changes_alone() -> None:
    assert verdict(tiling(0, 5, 2), stream="kind:comment") == Verdict(committed=5, delivered=1, longest_delay=3.0)


def test_what_a_frame_does_not_show_is_lost() -> None:
    assert verdict(tiling(0, 5, 2, 3)).lost >= 2


def test_what_lies_between_two_frames_is_lost() -> None:
    assert verdict(tiling(0, 1, 1), tiling(2, 5, 1, 3)).lost >= 1


def test_what_was_never_sent_is_lost() -> None:
    assert verdict(tiling(0, 3, 1, 2, 3)).lost == 2


def test_who_has_built_another_state_has_lost_something() -> None:
    watcher = watched(tiling(0, 5, 2, 1, 3))
    watcher.rows[1] = TWO
    assert judge([watcher], TRUTH, COMMITTED, BEGUN).lost == 1


def test_a_commit_that_the_log_does_not_have_is_lost() -> None:
    assert judge([watched(tiling(0, 5, 2, 1, 3))], TRUTH, COMMITTED | {14: 100.5}, BEGUN).lost == 1


def test_what_was_covered_before_is_doubled() -> None:
    assert verdict(tiling(0, 2, 1, 2), tiling(1, 5, 2, 1, 3)).doubled == 1


def test_what_is_shown_twice_in_a_frame_is_doubled() -> None:
    assert verdict(tiling(0, 5, 2, 1, 1, 3)).doubled == 1


def test_another_order_than_the_log_s_is_found() -> None:
    assert verdict(tiling(0, 5, 1, 2, 3)).out_of_order == 1


def test_who_began_when_another_had_committed_can_not_stand_before_it() -> None:
    late = COMMITTED | {11: 101.0}
    assert judge([watched(tiling(0, 5, 2, 1, 3))], TRUTH, late, BEGUN | {11: 99.9}).out_of_order == 0
    assert judge([watched(tiling(0, 5, 2, 1, 3))], TRUTH, late, BEGUN | {11: 100.9}).out_of_order == 2


def test_what_is_not_of_the_interval_is_found() -> None:
    assert verdict(tiling(0, 3, 1, 2, 3), tiling(3, 5, 2, 1, 3)).out_of_order >= 1


def test_a_position_that_is_not_the_log_s_is_found() -> None:
    wrong = Frame(
        "changes", 5, 0, "k3x9", tuple(Shown(*one) for one in [(2, "", TWO, 1), (1, "", ONE, 4), (3, "", None, 5)])
    )
    assert verdict(wrong).out_of_order == 1


def test_a_page_s_frames_tell_where_they_end_and_are_judged_all_the_same() -> None:
    whole = [ending(2, 1, 2), ending(5, 1, 3)]
    assert verdict(*whole) == Verdict(committed=5, delivered=5, longest_delay=3.0)
    assert verdict(whole[0], ending(5, 3)).lost >= 1
    assert verdict(whole[0], ending(1), ending(5, 2, 1, 3)).doubled >= 1


def test_after_a_reset_it_goes_on_from_there() -> None:
    watcher = watched(tiling(0, 1, 1), Frame("reset", 3, log="k3x9"), tiling(3, 5, 1, 3))
    watcher.rows = {1: ONE, 2: TWO}
    assert judge([watcher], TRUTH, COMMITTED, BEGUN) == Verdict(committed=5, delivered=3, longest_delay=3.0)


def test_what_was_rolled_back_is_found_wherever_it_was_shown() -> None:
    ghost = Shown(9, "created", Row("status_change", "ada", f"{NEVER}: 1", edited=False))
    assert unwanted([watched(Frame("changes", 1, shown=(ghost,)))]) == 1
    assert unwanted([watched(tiling(0, 5, 2, 1, 3))]) == 0
