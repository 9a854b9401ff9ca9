"""The client of `manage.py tail`: what it requests, and how it reads frames."""

from itertools import islice, pairwise

import pytest

from feed.client import FeedClient, Refused, backoff


def test_the_client_requests_its_streams_and_its_cursor() -> None:
    client = FeedClient("ws://localhost:8000/ws/feed/", ("user:ali ce", "kind:comment"))
    assert client.address() == "ws://localhost:8000/ws/feed/?stream=user%3Aali+ce&stream=kind%3Acomment"
    client.advance({"type": "changes", "log": "k3x9", "after": 0, "position": 7, "changes": []})
    assert client.address().endswith("stream=kind%3Acomment&after=7&log=k3x9")


def test_a_cursor_of_0_is_requested() -> None:
    assert FeedClient("ws://localhost", after=0).address() == "ws://localhost/ws/feed/?after=0"


def test_frames_that_tile_leave_no_gap() -> None:
    client = FeedClient("ws://localhost")
    for after, position in [(5, 5), (5, 9), (9, 9), (9, 10)]:
        client.advance({"type": "changes", "log": "k3x9", "after": after, "position": position, "changes": []})
    assert client.gaps == []
    assert client.after == 10


def test_a_frame_that_does_not_follow_the_last_one_is_a_gap() -> None:
    client = FeedClient("ws://localhost", after=5)
    client.advance({"type": "changes", "log": "k3x9", "after": 6, "position": 9, "changes": []})
    assert client.gaps == ["A frame begins after 6, but the one before it ended at 5."]


def test_a_reset_moves_the_cursor_and_is_no_gap() -> None:
    client = FeedClient("ws://localhost", after=5, log="old")
    client.advance({"type": "reset", "log": "new", "position": 60, "reason": "other_log"})
    assert (client.after, client.log, client.gaps) == (60, "new", [])


def test_the_backoff_grows_and_differs_between_clients() -> None:
    first, second = list(islice(backoff(), 12)), list(islice(backoff(), 12))
    assert first != second
    assert 0.25 <= first[0] <= 0.5
    assert all(later > earlier / 2 for earlier, later in pairwise(first))
    assert 15 <= first[-1] <= 30


def test_an_error_frame_ends_the_client() -> None:
    with pytest.raises(Refused, match="no stream"):
        FeedClient("ws://localhost").advance(
            {"type": "error", "code": "unknown_stream", "message": "There is no stream."}
        )
