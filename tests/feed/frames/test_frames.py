"""Frames: the changes of an interval, compacted and written for programs and for pages."""

import json
from collections.abc import Iterable

import pytest
from websockets import State
from websockets import frames as websocket
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from feed.frames.entries import Entry
from feed.frames.formats import FORMATS, Frame, Told, changes_frame, compact
from feed.refusals import Refusal


def entry(position: int, action: str, event_id: int = 1) -> Entry:
    encoded: dict[str, str | None] = {
        "json": f'{{"id":{event_id}}}',
        "html": f'<article id="event-{event_id}"></article>',
    }
    return Entry(position, action, event_id, "event", frozenset(["public"]), None, encoded)


def told(entries: Iterable[Entry]) -> list[Told]:
    return [(entry, entry.action) for entry in entries]


def compacted(*actions: str) -> list[tuple[int, str]]:
    entries = [entry(position, action) for position, action in enumerate(actions, start=1)]
    return [(each.position, action) for each, action in compact(told(entries))]


def test_several_changes_of_one_event_become_the_last_one() -> None:
    assert compacted("updated", "updated") == [(2, "updated")]
    assert compacted("updated", "deleted") == [(2, "deleted")]


def test_created_then_updated_is_created() -> None:
    assert compacted("created", "updated") == [(2, "created")]
    assert compacted("created", "updated", "updated") == [(3, "created")]


def test_created_then_deleted_is_deleted() -> None:
    assert compacted("created", "deleted") == [(2, "deleted")]
    assert compacted("created", "updated", "deleted") == [(3, "deleted")]


def test_compacted_changes_stay_in_order() -> None:
    entries = [entry(1, "created", 1), entry(2, "created", 2), entry(3, "updated", 1), entry(4, "created", 3)]
    assert [(each.position, each.event_id) for each, _ in compact(told(entries))] == [(2, 2), (3, 1), (4, 3)]


def test_a_frame_for_programs_is_one_json_object() -> None:
    frame = changes_frame("json", "k3x9", 41, 44, told([entry(42, "created", 17), entry(44, "deleted", 12)]))
    assert json.loads(frame.text) == {
        "type": "changes",
        "log": "k3x9",
        "after": 41,
        "position": 44,
        "changes": [
            {"position": 42, "action": "created", "event": {"id": 17}},
            {"position": 44, "action": "deleted", "event": {"id": 12, "kind": "event"}},
        ],
    }


def test_a_frame_for_pages_ends_with_the_cursor() -> None:
    frame = changes_frame(
        "html", "k3x9", 41, 44, told([entry(42, "created", 17), entry(43, "updated", 3), entry(44, "deleted", 12)])
    ).text
    cursor = '<input type="hidden" id="cursor" name="after" value="44" hx-swap-oob="true">'
    assert frame.endswith(cursor)
    # The page may have the row of a created event already, so the row is deleted before it is added.
    assert '<div id="event-17" hx-swap-oob="delete"></div>' in frame
    assert 'hx-target="#event-3" hx-swap="outerMorph"><article id="event-3">' in frame
    assert '<hx-partial hx-target="#event-12" hx-swap="delete"></hx-partial>' in frame
    assert changes_frame("html", "k3x9", 44, 44, []).text.count("<") == 1


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_a_frame_is_a_websocket_message_that_any_client_can_read(length: int) -> None:
    text = "x" * (length - 2) + "é" if length else ""
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    client.receive_data(Frame(text).message)
    (received,) = client.events_received()
    assert isinstance(received, websocket.Frame)
    assert (received.opcode, received.fin, bytes(received.data).decode()) == (websocket.Opcode.TEXT, True, text)


def test_the_message_of_a_frame_is_encoded_once() -> None:
    frame = Frame("Hello")
    assert frame.message is frame.message


def test_resets_and_errors_for_programs_are_json_objects() -> None:
    assert json.loads(FORMATS["json"].reset("k3x9", 60, "expired")) == {
        "type": "reset",
        "log": "k3x9",
        "position": 60,
        "reason": "expired",
    }
    assert json.loads(FORMATS["json"].error(Refusal("unknown_stream", 'No "x"', 4404))) == {
        "type": "error",
        "code": "unknown_stream",
        "message": 'No "x"',
    }


def test_an_error_for_pages_is_escaped() -> None:
    assert "<script>" not in FORMATS["html"].error(Refusal("unknown_stream", "No <script>", 4404))
