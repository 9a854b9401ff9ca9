"""How both clients post, edit and delete, and what they try again."""

from typing import Any

import pytest

from tests.clients.programs import ClientProgram, Failed
from tests.clients.scripted import Answer, ScriptedServer, changes, error, event, snapshot

CREATED = Answer(201, event(1, "Hello"))


def post(client: ClientProgram, url: str, key: str = "", **options: Any) -> object:
    return client.call("post", url, kind="status_change", fields={"text": "Hello"}, key=key, **options)


def test_a_post_has_its_fields_and_a_key(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site(answers=(CREATED, CREATED))
    assert post(client, site.url) == event(1, "Hello")
    post(client, site.url)
    first, second = site.requests
    assert (first.method, first.path) == ("POST", "api/events/")
    assert first.body == {"kind": "status_change", "text": "Hello"}
    assert first.headers["content-type"].startswith("application/json")
    assert len(first.headers["idempotency-key"]) >= 32
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]
    assert "authorization" not in first.headers


LOST_ANSWER = Answer(201, event(1, "Hello"), is_cut=True)


@pytest.mark.parametrize(
    "failed",
    [LOST_ANSWER, Answer(502, "<h1>Bad gateway</h1>"), Answer(503, error("unavailable")), Answer(500)],
    ids=["lost_answer", "502", "503", "500"],
)
def test_a_post_is_tried_again_with_the_same_key(
    scripted: ScriptedServer, client: ClientProgram, failed: Answer
) -> None:
    site = scripted.site(answers=(failed, failed, CREATED))
    assert post(client, site.url, key="my-key") == event(1, "Hello")
    assert [each.headers["idempotency-key"] for each in site.requests] == ["my-key"] * 3


def test_a_post_waits_as_long_as_the_server_asks(scripted: ScriptedServer, client: ClientProgram) -> None:
    busy = Answer(429, error("too_many_requests"), retry_after=1)
    site = scripted.site(answers=(busy, CREATED))
    with pytest.raises(Failed, match="Unavailable"):
        post(client, site.url, timing={"tries": 1})
    assert len(site.requests) == 1
    site.answers.insert(0, busy)
    post(client, site.url)
    assert len(site.requests) == 3


def test_it_gives_up_after_a_number_of_tries(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site(answers=(Answer(503, error("unavailable", "Later.")),) * 4)
    with pytest.raises(Failed, match="Unavailable: Later"):
        post(client, site.url, timing={"tries": 3})
    assert len(site.requests) == 3


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequest"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (405, "Refused"),
        (409, "Conflict"),
        (412, "Conflict"),
        (422, "BadRequest"),
    ],
)
def test_what_is_refused_is_not_tried_again(
    scripted: ScriptedServer, client: ClientProgram, status: int, name: str
) -> None:
    site = scripted.site(answers=(Answer(status, error("the_code", "It says why.")),))
    with pytest.raises(Failed) as failed:
        post(client, site.url)
    wanted = {"name": name, "message": "It says why.", "code": "the_code", "status": status}
    assert wanted.items() <= failed.value.error.items()
    assert len(site.requests) == 1


def test_a_refusal_that_is_no_json_names_the_url(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site(answers=(Answer(404, "<h1>Not found</h1>"),))
    with pytest.raises(Failed, match=f"NotFound: {site.url}api/events/ answers 404"):
        post(client, site.url)


def test_an_event_is_read_edited_and_deleted(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site(answers=(Answer(200, event(7, "a")), Answer(200, event(7, "b")), Answer(204, "")))
    assert client.call("event", site.url, number=7) == event(7, "a")
    assert client.call("edit", site.url, number=7, fields={"text": "b"}) == event(7, "b")
    assert client.call("delete", site.url, number=7) is None
    assert [(each.method, each.path, each.body) for each in site.requests] == [
        ("GET", "api/events/7/", None),
        ("PATCH", "api/events/7/", {"text": "b"}),
        ("DELETE", "api/events/7/", None),
    ]


def test_a_deletion_whose_answer_was_lost_has_succeeded(scripted: ScriptedServer, client: ClientProgram) -> None:
    gone = Answer(404, error("not_found"))
    site = scripted.site(answers=(Answer(502), gone, gone))
    assert client.call("delete", site.url, number=7) is None
    with pytest.raises(Failed, match="NotFound"):
        client.call("delete", site.url, number=7)


def test_older_events_are_read_from_an_event_on(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site(answers=(snapshot(5, "one", "two"),))
    told = client.call("snapshot", site.url, streams=["public"], before=9, limit=2)
    assert [each["text"] for each in told["events"]] == ["two", "one"]
    assert site.requests[0].query == [("stream", "public"), ("limit", "2"), ("before", "9")]


def test_a_token_goes_with_each_request(scripted: ScriptedServer, client: ClientProgram) -> None:
    site = scripted.site(answers=(CREATED,))
    post(client, site.url, token="rill_secret")
    assert site.requests[0].headers["authorization"] == "Bearer rill_secret"


def ticket(name: str) -> Answer:
    return Answer(201, {"ticket": name, "expires_in": 60})


def test_a_token_opens_each_socket(scripted: ScriptedServer, client: ClientProgram) -> None:
    """JavaScript takes a ticket for it, because a browser can't send the header."""
    site = scripted.site([changes(0, 0), "no frame"], [changes(0, 1, "one")], answers=(ticket("a"), ticket("b")))
    client.follow(site.url, after={"position": 0, "log": ""}, token="rill_secret").see("one")
    if client.language == "python":
        assert [each["authorization"] for each in site.headers] == ["Bearer rill_secret"] * 2
    else:
        assert [each["sec-websocket-protocol"] for each in site.headers] == ["rill.v1, ticket.a", "rill.v1, ticket.b"]
        assert {each.headers["authorization"] for each in site.requests} == {"Bearer rill_secret"}
