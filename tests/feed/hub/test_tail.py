"""What a hub keeps of the log, and the frames made of it: lists and numbers, no sockets and no database."""

import json
from dataclasses import replace
from typing import Any

import pytest

from feed.frames.entries import Entry
from feed.frames.formats import Frame
from feed.hub.tail import MAX_FRAMES, Tail, make_frame
from feed.hub.watcher import Watcher
from tests.support.connections import Line


def entries(first: int, *streams: str) -> list[Entry]:
    """Changes from the position `first` on, each in one stream, each of another event."""
    return [
        Entry(position, "created", position, "event", frozenset([stream]), None, {"json": f'{{"id":{position}}}'})
        for position, stream in enumerate(streams, start=first)
    ]


def tail_at(head: int) -> Tail:
    tail = Tail()
    tail.restart("k3x9", head)
    return tail


def watcher(*streams: str, cursor: int = 0, pending_from: int | None = None) -> Watcher:
    return Watcher(frozenset(streams), "json", Line(), cursor, "k3x9", pending_from=pending_from)


def shown(frame: Frame) -> tuple[int, list[int], int]:
    """Where a frame begins, the positions of its changes, and where it ends."""
    decoded: dict[str, Any] = json.loads(frame.text)
    assert decoded["position"] == frame.position
    return decoded["after"], [change["position"] for change in decoded["changes"]], decoded["position"]


def test_the_oldest_changes_are_dropped() -> None:
    tail = tail_at(10)
    tail.append(entries(11, *"aaa"), max_changes=5, max_bytes=10**6)
    assert (tail.start, tail.head) == (10, 13)
    tail.append(entries(14, *"aaaa"), max_changes=5, max_bytes=10**6)
    assert (tail.start, tail.head) == (12, 17)
    assert [entry.position for entry in tail.entries] == [13, 14, 15, 16, 17]


def test_the_oldest_changes_are_dropped_when_they_take_too_many_bytes() -> None:
    tail = tail_at(0)
    each = entries(1, "a")[0].total_size
    tail.append(entries(1, *"aaaa"), max_changes=100, max_bytes=2 * each)
    assert (tail.start, tail.head, tail.size) == (2, 4, 2 * each)
    tail.append(entries(5, "a"), max_changes=100, max_bytes=each - 1)
    assert (tail.start, tail.head, tail.entries, tail.size) == (5, 5, [], 0)


def test_a_frame_has_the_changes_of_the_watchers_streams_and_ends_at_the_head() -> None:
    tail = tail_at(0)
    tail.append(entries(1, *"abacb"), max_changes=100, max_bytes=10**6)
    assert shown(tail.frame(watcher("a", pending_from=1))) == (0, [1, 3], 5)
    assert shown(tail.frame(watcher("a", "c", cursor=2, pending_from=3))) == (2, [3, 4], 5)
    assert shown(tail.frame(watcher("nobody"))) == (0, [], 5)


def test_changes_of_other_streams_need_not_be_in_memory() -> None:
    tail = tail_at(0)
    tail.append(entries(1, *"bbbbba"), max_changes=2, max_bytes=10**6)
    assert shown(tail.frame(watcher("a", cursor=1, pending_from=6))) == (1, [6], 6)


def test_equal_frames_are_made_once_until_the_log_grows() -> None:
    tail = tail_at(0)
    tail.append(entries(1, *"ab"), max_changes=100, max_bytes=10**6)
    made = tail.frame(watcher("a", pending_from=1))
    assert tail.frames.get(tail.frame_key(watcher("a", pending_from=1))) is made
    tail.append(entries(3, "a"), max_changes=100, max_bytes=10**6)
    assert tail.frame_key(watcher("a", pending_from=1)) not in tail.frames


def test_frames_that_differ_have_different_keys() -> None:
    others = [watcher("a", pending_from=1) for _ in range(3)]
    others[0].format, others[1].epoch, others[2].cursor = "html", "another", 1
    others += [watcher("b", pending_from=1), watcher("a", pending_from=2), watcher("a")]
    tail = tail_at(0)
    tail.append(entries(1, *"ab"), max_changes=100, max_bytes=10**6)
    tail.frame(watcher("a", pending_from=1))
    assert [tail.frame_key(other) in tail.frames for other in others] == [False] * len(others)


def test_frames_without_changes_are_the_same_for_all_streams() -> None:
    tail = tail_at(0)
    tail.append(entries(1, *"ab"), max_changes=100, max_bytes=10**6)
    made = tail.frame(watcher("a", cursor=2))
    assert tail.frames.get(tail.frame_key(watcher("b", cursor=2))) is made


def test_the_number_of_cached_frames_is_bounded() -> None:
    tail = tail_at(MAX_FRAMES)
    for cursor in range(MAX_FRAMES + 1):
        tail.frame(watcher("a", cursor=cursor))
    assert list(tail.frames) == [tail.frame_key(watcher("a", cursor=MAX_FRAMES))]


def test_the_bytes_of_cached_frames_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    tail = tail_at(0)
    tail.append(entries(1, *"ab"), max_changes=100, max_bytes=10**6)
    size = len(tail.frame(watcher("a", pending_from=1)).text)
    monkeypatch.setattr("feed.hub.tail.MAX_FRAME_BYTES", size)
    tail.frame(watcher("b", pending_from=1))
    assert list(tail.frames) == [tail.frame_key(watcher("b", pending_from=1))]
    monkeypatch.setattr("feed.hub.tail.MAX_FRAME_BYTES", size - 1)
    tail.frame(watcher("a", pending_from=1))
    assert not tail.frames


def test_a_large_frame_ends_before_the_change_that_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.hub.tail.FRAME_SIZE", 20)
    assert shown(make_frame(watcher("a"), entries(1, *"aabab"), 5)) == (0, [1, 2], 3)
    assert shown(make_frame(watcher("a", cursor=3), entries(4, *"ab"), 5)) == (3, [4], 5)


def test_a_change_larger_than_a_frame_gets_a_frame_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.hub.tail.FRAME_SIZE", 1)
    assert shown(make_frame(watcher("a"), entries(1, *"aa"), 2)) == (0, [1], 1)


def test_a_watcher_is_pending_from_its_first_matching_change() -> None:
    alice = watcher("a")
    for position in (7, 9, 8):
        alice.mark_pending(position)
    assert alice.pending_from == 7


def test_a_watcher_behind_the_head_is_pending_from_the_next_change() -> None:
    alice = watcher("a")
    alice.advance(4, 9)
    assert (alice.cursor, alice.pending_from) == (4, 5)
    alice.advance(9, 9)
    assert (alice.cursor, alice.pending_from) == (9, None)


def test_no_frame_outlives_the_audiences_by_which_it_was_made() -> None:
    """The event of the first change was public when it was read first, and is alice's only when it is read again."""
    tail = tail_at(0)
    tail.append(entries(1, *"aa"), max_changes=100, max_bytes=10**6)
    tail.entries[1].shown_to = "only:bob"
    tail.replace([replace(each) for each in tail.entries], max_bytes=10**6)
    assert tail.private_after(0) == {"only:bob"}
    tail.frame(watcher("a", pending_from=1))
    first, second = tail.entries
    tail.replace([replace(first, shown_to="only:alice"), second], max_bytes=10**6)
    assert not tail.frames
    assert tail.private_after(0) == {"only:alice", "only:bob"}
