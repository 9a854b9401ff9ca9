"""`?after=`: polling for what has changed. The frames are those of the websocket."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from feed import log
from feed.models import Comment, StatusChange
from feed.streams import access_changed
from feed.testing import FeedKit
from tests.support.api import Program, refusal
from tests.support.audiences import leave, team

pytestmark = [pytest.mark.django_db, pytest.mark.database]

POLL = "/api/events/?after={}"


def poll(program: Program, after: int, query: str = "") -> dict[str, Any]:
    response = program.get(POLL.format(after) + query)
    assert response.status_code == 200, response.content
    frame: dict[str, Any] = json.loads(response.content)
    return frame


def test_a_poll_is_the_frame_that_the_websocket_sends(alice: User, bob: User, feed_kit: FeedKit) -> None:
    hello = StatusChange.objects.create(user=alice, text="Hello")
    Comment.objects.create(user=bob, thread=hello, text="Hi").delete()
    hello.save()
    for query, names in (
        ("", ["public"]),
        (f"&stream=thread:{hello.pk}&stream=user:bob", [f"thread:{hello.pk}", "user:bob"]),
    ):
        (frame,) = feed_kit.feed_watcher(None, names, after=0).frames()
        assert poll(Program(), 0, query) == frame
        assert frame["changes"]


def test_frames_tile_the_log_until_nothing_is_left(alice: User) -> None:
    for number in range(40):
        StatusChange.objects.create(user=alice, text=f"{number} " + "x" * 1900)
    cursor, found = 0, list[str]()
    while frame := poll(Program(), cursor):
        assert frame["after"] == cursor
        if frame["position"] == cursor:
            break
        cursor = frame["position"]
        found += [
            change["event"].get("text", "").split()[0] for change in frame["changes"] if "text" in change["event"]
        ]
    assert found == [str(number) for number in range(40)]
    assert cursor == log.state().head


def test_a_snapshot_and_its_cursor_miss_nothing(alice: User) -> None:
    StatusChange.objects.create(user=alice, text="before")
    snapshot = Program().get().json()
    StatusChange.objects.create(user=alice, text="after")
    frames = [poll(Program(), snapshot["position"], f"&log={snapshot['log']}")]
    assert [each["event"]["text"] for each in frames[0]["changes"] if "text" in each["event"]][-1] == "after"


@pytest.mark.parametrize(
    ("query", "reason"), [("?after=1000", "ahead"), ("?after=1&log=other", "other_log"), ("?after=0", "expired")]
)
def test_a_cursor_that_can_not_be_followed_is_reset(alice: User, query: str, reason: str) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    log.number()
    if reason == "expired":
        log.Change.objects.filter(position=1).delete()
        log.Log.objects.update(floor=1)
    frame = Program().get(f"/api/events/{query}").json()
    assert frame == {"type": "reset", "log": log.state().epoch, "position": log.state().head, "reason": reason}


def test_a_user_who_has_left_is_reset_and_told_nothing_more(alice: User, bob: User, teams: None) -> None:
    ours = team(alice, bob)
    cursor = log.number().head
    StatusChange.objects.create(user=alice, text="for us", audience=ours)
    assert [each["event"]["text"] for each in poll(Program(bob), cursor)["changes"]] == ["for us"]
    cursor = log.number().head
    leave(bob)
    StatusChange.objects.create(user=alice, text="without bob", audience=ours)
    frame = poll(Program(bob), cursor)
    assert (frame["type"], frame["reason"]) == ("reset", "access")
    assert not [each for each in poll(Program(bob), frame["position"])["changes"] if "text" in each["event"]]


def test_a_move_out_of_sight_is_told_as_deleted(alice: User, bob: User, teams: None) -> None:
    hello = StatusChange.objects.create(user=alice, text="Hello")
    cursor = log.number().head
    hello.audience = team(alice)
    hello.save()
    access_changed(alice)
    (change,) = poll(Program(bob), cursor)["changes"]
    assert (change["action"], change["event"]) == ("deleted", {"id": hello.pk, "kind": "status_change"})


def test_a_poll_without_news_is_not_sent_again(alice: User) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    cursor = log.number().head
    first = Program().get(POLL.format(cursor))
    assert first.json()["changes"] == []
    assert Program().get(POLL.format(cursor), If_None_Match=first.headers["ETag"]).status_code == 304
    StatusChange.objects.create(user=alice, text="Hi")
    assert Program().get(POLL.format(cursor), If_None_Match=first.headers["ETag"]).status_code == 200


def test_a_snapshot_that_the_client_has_is_not_sent_again(alice: User) -> None:
    first = Program().get()
    assert Program().get(If_None_Match=first.headers["ETag"]).status_code == 304
    StatusChange.objects.create(user=alice, text="Hi")
    assert Program().get(If_None_Match=first.headers["ETag"]).status_code == 200


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?after=-1", 422, "bad_request"),
        ("?after=x", 422, "bad_request"),
        ("?after=9223372036854775808", 422, "bad_request"),
        ("?after=1&before=1", 400, "bad_request"),
        ("?after=0&stream=thread:12345", 404, "unknown_stream"),
        ("?after=1&stream=home", 401, "login_needed"),
        ("?after=1&stream=only:alice", 403, "not_yours"),
    ],
)
def test_a_poll_that_can_not_be_served_says_why(alice: User, query: str, status: int, code: str) -> None:
    assert refusal(Program().get(f"/api/events/{query}")) == (status, code)
