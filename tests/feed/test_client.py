"""The client of `manage.py tail`: what it requests, and how it reads frames."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import count, islice, pairwise
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from feed.client import FeedClient, Refused, backoff

FRAME: dict[str, Any] = {"type": "changes", "log": "k3x9", "after": 7, "position": 7, "changes": []}


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


@asynccontextmanager
async def refused_first(code: int) -> AsyncIterator[FeedClient]:
    """A client of a server that refuses its first connection with this close code, and serves the next one."""
    connections = count()

    async def serve_or_refuse(connection: ServerConnection) -> None:
        if next(connections):
            await connection.send(json.dumps(FRAME))
            await connection.wait_closed()
        else:
            await connection.send('{"type": "error", "code": "some_code", "message": "Not this time."}')
            await connection.close(code)

    async with serve(serve_or_refuse, "127.0.0.1", 0) as server:
        yield FeedClient(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")


@pytest.mark.parametrize("code", [1012, 4012, 4408])
async def test_a_client_that_is_told_to_come_back_does(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.client.MIN_DELAY", 0.01)
    async with refused_first(code) as client, aclosing(client.frames()) as frames:
        error = await anext(frames)
        assert (type(error), str(error)) == (ConnectionError, "Not this time.")
        assert await anext(frames) == FRAME


@pytest.mark.parametrize("code", [4400, 4401, 4403, 4404, 4429])
async def test_a_client_whose_request_is_refused_ends_with_the_reason(code: int) -> None:
    async with refused_first(code) as client, aclosing(client.frames()) as frames:
        with pytest.raises(Refused, match=r"Not this time\."):
            await anext(frames)
