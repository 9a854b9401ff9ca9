"""When both clients connect again, and when they give up."""

import pytest

from tests.clients.programs import ClientProgram
from tests.clients.scripted import (
    Answer,
    Close,
    Expect,
    ScriptedServer,
    changes,
    cursor,
    error,
)

PING = {"type": "ping"}


def test_a_silent_connection_is_given_up(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site([changes(0, 3, "one"), Expect(PING)], [changes(3, 4, "two")])
    feed = client.follow(site.url, after=cursor(0), timing={"heartbeat": 0.04, "timeout": 2})
    feed.see("one", "two")
    assert "silent" in feed.lost[0]["error"]["message"]
    assert site.messages[0] == PING


def test_a_quiet_connection_whose_ping_is_answered_stays(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site([changes(0, 3, "one"), Expect(PING), changes(3, 3), Expect(PING), changes(3, 4, "two")])
    feed = client.follow(site.url, after=cursor(0), timing={"heartbeat": 0.04})
    feed.see("one", "two")
    assert (feed.lost, len(site.opened)) == ([], 1)


@pytest.mark.parametrize(
    ("code", "name"),
    [(4400, "BadRequest"), (4401, "Unauthorized"), (4403, "Forbidden"), (4404, "NotFound")],
)
def test_a_refusal_is_final(scripted: ScriptedServer, client: ClientProgram, code: int, name: str) -> None:
    site = scripted.site([changes(0, 0), error("the_code", "It says why."), Close(code)], [changes(0, 1, "never")])
    told = client.follow(site.url, after=cursor(0)).failure()
    assert {"name": name, "message": "It says why.", "code": "the_code", "status": code}.items() <= told.items()
    assert len(site.opened) == 1


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 4012, 4408, 4999])
def test_any_other_end_is_followed_by_another_try(scripted: ScriptedServer, client: ClientProgram, code: int) -> None:
    site = scripted.site([changes(0, 3, "one"), Close(code)], [changes(3, 4, "two")])
    feed = client.follow(site.url, after=cursor(0))
    feed.see("one", "two")
    assert [each["error"]["close"] for each in feed.lost] == [code]


def test_an_error_does_not_end_it_if_the_server_says_to_come_back(
    scripted: ScriptedServer, client: ClientProgram
) -> None:
    site = scripted.site([error("not_here_yet", "Soon."), Close(4012)], [changes(0, 1, "one")])
    feed = client.follow(site.url, after=cursor(0))
    feed.see("one")
    assert feed.lost[0]["error"]["message"] == "Soon."


def test_too_many_streams_is_final_and_too_many_messages_is_not(
    scripted: ScriptedServer, client: ClientProgram
) -> None:
    site = scripted.site([error("too_many_streams"), Close(4429)])
    assert client.follow(site.url).failure()["name"] == "TooMany"
    site = scripted.site([error("too_many_messages") | {"retry_after": 1}, Close(4429)], [changes(0, 1, "one")])
    feed = client.follow(site.url, after=cursor(0))
    feed.see("one")
    assert feed.lost[0]["wait"] >= 1


@pytest.mark.parametrize("text", ["<h1>Busy</h1>", "[]", '{"type": "changes"}', "null"])
def test_what_is_no_frame_ends_the_connection(scripted: ScriptedServer, client: ClientProgram, text: str) -> None:
    site = scripted.site([changes(0, 3, "one"), text], [changes(3, 4, "two")])
    feed = client.follow(site.url, after=cursor(0))
    feed.see("one", "two")
    assert [each["error"]["name"] for each in feed.lost] == ["Disconnected"]


def test_types_of_frames_that_it_does_not_know_are_passed_over(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site([changes(0, 3, "one"), {"type": "weather"}, changes(3, 4, "two")])
    feed = client.follow(site.url, after=cursor(0))
    feed.see("one", "two")
    assert feed.lost == []


def test_a_server_that_can_not_be_reached_is_tried_again(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site([Answer(502)], [Answer(503)], [changes(0, 1, "one")])
    feed = client.follow(site.url, after=cursor(0))
    feed.see("one")
    assert len(feed.lost) == 2


def test_a_refused_handshake_is_final_where_the_client_is_told_so(
    scripted: ScriptedServer, client: ClientProgram
) -> None:
    """A WebSocket of browsers doesn't tell the status of a handshake, so JavaScript goes on."""
    site = scripted.site([Answer(403)], [changes(0, 1, "one")])
    feed = client.follow(site.url, after=cursor(0))
    if client.language == "python":
        assert feed.failure()["status"] == 403
    else:
        feed.see("one")
