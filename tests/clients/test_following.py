"""How both clients follow a feed: snapshots, cursors, gaps, resets, and changes of the streams."""

import pytest

from tests.clients.programs import ClientProgram
from tests.clients.scripted import (
    Answer,
    Close,
    Expect,
    ScriptedServer,
    Site,
    Step,
    changes,
    cursor,
    error,
    reset,
    snapshot,
)
from tests.support.processes import wait_until


def asked(site: Site) -> list[tuple[str | None, str | None]]:
    """The cursor of each socket: `after` and `log`."""
    return [(each.get("after", [None])[0], each.get("log", [None])[0]) for each in site.opened]


def test_it_starts_at_the_head_and_asks_for_its_streams(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site([changes(7, 7), changes(7, 8, "one")])
    feed = client.follow(site.url, streams=["user:ali ce", "kind:comment"])
    assert feed.next() == {"type": "changes", "changes": [], "cursor": cursor(7)}
    feed.see("one")
    assert site.opened == [{"stream": ["user:ali ce", "kind:comment"]}]


def test_one_stream_may_be_named_alone(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site([changes(0, 1, "one")])
    client.follow(site.url, streams="user:alice", after=cursor(0)).see("one")
    assert site.opened[0]["stream"] == ["user:alice"]


def test_a_snapshot_comes_first_and_the_socket_goes_on_from_it(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site([changes(5, 6, "two")], answers=(snapshot(5, "one"),))
    feed = client.follow(site.url, snapshot=True, streams=["user:alice"], limit=20)
    first = feed.next()
    assert (first["type"], first["reason"], first["cursor"]) == ("snapshot", "start", cursor(5))
    feed.see("one")
    assert feed.next()["cursor"] == cursor(6)
    assert site.requests[0].query == [("stream", "user:alice"), ("limit", "20")]
    assert asked(site) == [("5", "k3x9")]


def test_a_snapshot_that_can_not_be_loaded_is_tried_again(scripted: ScriptedServer, client: ClientProgram) -> None:
    answers = (Answer(503, "<h1>Busy</h1>"), Answer(429, error("too_many_requests"), retry_after=1), snapshot(5, "one"))
    site = scripted.site([changes(5, 5)], answers=answers)
    feed = client.follow(site.url, snapshot=True)
    feed.see("one")
    assert [each["error"]["name"] for each in feed.lost] == ["Unavailable", "Unavailable"]
    assert feed.lost[1]["wait"] >= 1


def test_it_resumes_at_its_cursor(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site([changes(0, 3, "one"), changes(3, 8), Close(1011)], [changes(8, 9, "two")])
    feed = client.follow(site.url, after=cursor(0, ""))
    feed.see("one", "two")
    assert asked(site) == [("0", None), ("8", "k3x9")]
    assert feed.seen == [3, 9]


@pytest.mark.parametrize(
    "wrong",
    [changes(4, 9, "lost"), changes(2, 9, "doubled"), changes(3, 9, "foreign", log="other")],
    ids=["ahead", "behind", "other_log"],
)
def test_a_gap_is_told_and_it_asks_again_from_the_last_good_cursor(
    scripted: ScriptedServer, client: ClientProgram, wrong: dict[str, object]
) -> None:
    site = scripted.site([changes(0, 3, "one"), wrong], [changes(3, 9, "two")])
    feed = client.follow(site.url, after=cursor(0))
    feed.see("one", "two")
    assert [each["error"]["name"] for each in feed.lost] == ["Gap"]
    assert asked(site) == [("0", "k3x9"), ("3", "k3x9")]


def test_the_first_frame_has_to_tile_too(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site([changes(6, 9, "lost")], [changes(5, 9, "one")])
    feed = client.follow(site.url, after=cursor(5))
    feed.see("one")
    assert [each["error"]["name"] for each in feed.lost] == ["Gap"]


@pytest.mark.parametrize("reason", ["expired", "ahead", "other_log", "access"])
def test_a_reset_brings_a_snapshot_and_the_socket_goes_on(
    scripted: ScriptedServer, client: ClientProgram, reason: str
) -> None:
    frames = [reset(60, reason, log="new"), changes(60, 61, "two", log="new")]
    site = scripted.site(frames, answers=(snapshot(61, "one", log="new"),))
    feed = client.follow(site.url, after=cursor(5))
    first = feed.next()
    assert (first["type"], first["reason"], first["cursor"]) == ("snapshot", reason, cursor(60, "new"))
    assert [each["text"] for each in first["events"]] == ["one"]
    assert feed.next()["cursor"] == cursor(61, "new")
    assert len(site.opened) == 1


def test_the_cursor_stays_until_the_snapshot_of_a_reset_is_loaded(
    scripted: ScriptedServer, client: ClientProgram
) -> None:
    site = scripted.site([reset(60)], [reset(60), changes(60, 61, "two")], answers=(Answer(502), snapshot(60, "one")))
    feed = client.follow(site.url, after=cursor(5))
    assert feed.next()["type"] == "snapshot"
    feed.next()
    assert asked(site) == [("5", "k3x9"), ("5", "k3x9")]


@pytest.mark.parametrize("old", [snapshot(59), snapshot(60, log="old")], ids=["behind", "other_log"])
def test_a_snapshot_from_before_the_reset_is_not_taken(
    scripted: ScriptedServer, client: ClientProgram, old: Answer
) -> None:
    site = scripted.site([reset(60)], [reset(60)], answers=(old, snapshot(60, "one")))
    feed = client.follow(site.url, after=cursor(5))
    feed.see("one")
    assert len(site.opened) == 2


def test_a_slow_reader_gets_everything_in_order(scripted: ScriptedServer, client: ClientProgram) -> None:
    """There are more frames than a client keeps in memory: it may connect again for the rest."""

    def rest(after: int) -> list[Step]:
        return [changes(number, number + 1, str(number)) for number in range(after, 600)]

    site = scripted.site(rest, rest, rest)
    feed = client.follow(site.url, after=cursor(0), held=True)
    feed.next()
    feed.go()
    while len(feed.seen) < 600:
        feed.next()
    assert feed.seen == list(range(1, 601))


def test_closing_it_ends_the_iteration_and_the_connection(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site([changes(0, 1, "one")])
    feed = client.follow(site.url, after=cursor(0))
    feed.see("one")
    feed.close()
    assert len(site.opened) == 1


def test_the_streams_can_be_changed_while_connected(scripted: ScriptedServer, client: ClientProgram) -> None:
    streams = ["public", "user:bob"]
    message = {"type": "watch", "streams": streams, "after": 2, "log": "k3x9"}
    answer = {"type": "watching", "log": "k3x9", "position": 2, "streams": streams[::-1]}
    site = scripted.site([changes(0, 3, "one"), Expect(message), answer, changes(2, 4, "two"), Close(1011)], [])
    feed = client.follow(site.url, after=cursor(0))
    feed.see("one")
    feed.watch(*streams, after=cursor(2))
    assert feed.next() == {"type": "changes", "changes": [], "cursor": cursor(2)}
    feed.see("one", "two")
    feed.next_lost()
    wait_until(lambda: len(site.opened) == 2, "the second socket")
    assert site.opened[1] == {"stream": streams, "after": ["4"], "log": ["k3x9"]}


def test_a_change_of_streams_that_is_not_confirmed_is_asked_for_again(
    scripted: ScriptedServer, client: ClientProgram
) -> None:
    message = {"type": "watch", "streams": ["user:bob"], "after": 2, "log": "k3x9"}
    site = scripted.site([changes(0, 3, "one"), Expect(message), Close(1012)], [changes(2, 4, "two")])
    feed = client.follow(site.url, after=cursor(0))
    feed.see("one")
    feed.watch("user:bob", after=cursor(2))
    feed.see("one", "two")
    assert site.opened[1] == {"stream": ["user:bob"], "after": ["2"], "log": ["k3x9"]}


def test_streams_that_no_message_can_hold_are_asked_for_in_a_url(
    scripted: ScriptedServer, client: ClientProgram
) -> None:
    streams = [f"user:{'x' * 60}{number}" for number in range(90)]
    site = scripted.site([changes(0, 3, "one")], [changes(3, 4, "two")])
    feed = client.follow(site.url, after=cursor(0))
    feed.see("one")
    feed.watch(*streams)
    feed.see("one", "two")
    assert (site.messages, site.opened[1]["stream"]) == ([], streams)
