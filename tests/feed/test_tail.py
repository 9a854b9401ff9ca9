"""What a hub keeps of the log, and how frames are cut from it: lists and numbers, no sockets and no database."""

import json
from typing import Any

import pytest

from feed.frames.entries import Entry
from feed.frames.formats import Frame
from feed.hub.tail import MAX_FRAMES, Tail, make_frame
from feed.hub.watcher import Watcher
from tests.lines import Line


def entries(first: int, *streams: str) -> list[Entry]:
    """Changes from the position `first` on, each in one stream, each of an event of its own."""
    return [
        Entry(position, "created", position, "event", frozenset([stream]), None, {"json": f'{{"id":{position}}}'})
        for position, stream in enumerate(streams, start=first)
    ]


def watcher(*streams: str, cursor: int = 0, unseen: int | None = None) -> Watcher:
    return Watcher(frozenset(streams), "json", Line(), cursor, "k3x9", unseen=unseen)


def shown(made: Frame) -> tuple[int, list[int], int]:
    """Where a frame begins, the positions of its changes, and where it ends."""
    frame, position = made
    decoded: dict[str, Any] = json.loads(frame.text)
    assert decoded["position"] == position
    return decoded["after"], [change["position"] for change in decoded["changes"]], position


def test_the_oldest_changes_go() -> None:
    tail = Tail(head=10)
    tail.append(entries(11, *"aaa"), most=5, most_bytes=10**6)
    assert (tail.start, tail.head) == (10, 13)
    tail.append(entries(14, *"aaaa"), most=5, most_bytes=10**6)
    assert (tail.start, tail.head) == (12, 17)
    assert [entry.position for entry in tail.entries] == [13, 14, 15, 16, 17]


def test_a_frame_has_what_is_in_the_watchers_streams_and_covers_all_up_to_the_head() -> None:
    tail = Tail(head=0)
    tail.append(entries(1, *"abacb"), most=100, most_bytes=10**6)
    assert shown(tail.cut(watcher("a", unseen=1))) == (0, [1, 3], 5)
    assert shown(tail.cut(watcher("a", "c", cursor=2, unseen=3))) == (2, [3, 4], 5)
    assert shown(tail.cut(watcher("nobody"))) == (0, [], 5)


def test_what_is_known_not_to_concern_the_watcher_need_not_be_in_memory() -> None:
    tail = Tail(head=0)
    tail.append(entries(1, *"bbbbba"), most=2, most_bytes=10**6)
    assert shown(tail.cut(watcher("a", cursor=1, unseen=6))) == (1, [6], 6)


def test_equal_frames_are_made_once_until_the_log_grows() -> None:
    tail = Tail(head=0)
    tail.append(entries(1, *"ab"), most=100, most_bytes=10**6)
    made = tail.cut(watcher("a", unseen=1))
    assert tail.cuts.get(watcher("a", unseen=1).place()) is made
    tail.append(entries(3, "a"), most=100, most_bytes=10**6)
    assert watcher("a", unseen=1).place() not in tail.cuts


def test_frames_that_differ_have_places_that_differ() -> None:
    others = [watcher("a", unseen=1) for _ in range(3)]
    others[0].format, others[1].log, others[2].cursor = "html", "another", 1
    others += [watcher("b", unseen=1), watcher("a", unseen=2), watcher("a")]
    tail = Tail(head=0)
    tail.append(entries(1, *"ab"), most=100, most_bytes=10**6)
    tail.cut(watcher("a", unseen=1))
    assert [other.place() in tail.cuts for other in others] == [False] * len(others)


def test_of_the_frames_that_were_made_only_so_many_are_kept() -> None:
    tail = Tail(head=MAX_FRAMES)
    for cursor in range(MAX_FRAMES + 1):
        tail.cut(watcher("a", cursor=cursor))
    assert list(tail.cuts) == [watcher("a", cursor=MAX_FRAMES).place()]


def test_a_large_frame_is_cut_before_what_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.tail.FRAME_SIZE", 20)
    assert shown(make_frame(watcher("a"), entries(1, *"aabab"), 5)) == (0, [1, 2], 3)
    assert shown(make_frame(watcher("a", cursor=3), entries(4, *"ab"), 5)) == (3, [4], 5)


def test_a_change_that_is_too_large_by_itself_is_sent_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.tail.FRAME_SIZE", 1)
    assert shown(make_frame(watcher("a"), entries(1, *"aa"), 2)) == (0, [1], 1)


def test_frames_without_changes_are_the_same_for_all_streams() -> None:
    tail = Tail(head=0)
    tail.append(entries(1, *"ab"), most=100, most_bytes=10**6)
    made = tail.cut(watcher("a", cursor=2))
    assert tail.cuts.get(watcher("b", cursor=2).place()) is made


def test_a_watcher_remembers_the_first_position_that_concerns_it() -> None:
    woken = watcher("a")
    for position in (7, 9, 8):
        woken.note(position)
    assert woken.unseen == 7


def test_who_stands_before_the_head_may_be_concerned_by_the_next_change() -> None:
    standing = watcher("a")
    standing.stand(4, 9)
    assert (standing.cursor, standing.unseen) == (4, 5)
    standing.stand(9, 9)
    assert (standing.cursor, standing.unseen) == (9, None)


def test_the_oldest_changes_go_when_they_take_too_many_bytes() -> None:
    tail = Tail(head=0)
    each = entries(1, "a")[0].total_size
    tail.append(entries(1, *"aaaa"), most=100, most_bytes=2 * each)
    assert (tail.start, tail.head, tail.size) == (2, 4, 2 * each)
    tail.append(entries(5, "a"), most=100, most_bytes=each - 1)
    assert (tail.start, tail.head, tail.entries, tail.size) == (5, 5, [], 0)


def test_frames_that_take_too_many_bytes_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    tail = Tail(head=0)
    tail.append(entries(1, *"ab"), most=100, most_bytes=10**6)
    size = len(tail.cut(watcher("a", unseen=1))[0].text)
    monkeypatch.setattr("feed.tail.MOST_CUT_BYTES", size)
    tail.cut(watcher("b", unseen=1))
    assert list(tail.cuts) == [watcher("b", unseen=1).place()]
    monkeypatch.setattr("feed.tail.MOST_CUT_BYTES", size - 1)
    tail.cut(watcher("a", unseen=1))
    assert not tail.cuts
