"""A server that is killed while it saves a post. The program sends the post again, with the same idempotency key."""

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import RemoteDisconnected

import pytest

from tests.support import tokens
from tests.support.processes import wait_until
from tests.support.servers import Server

POSTED = "print(StatusChange.objects.count(), Posted.objects.count(), Change.objects.count())"


@pytest.fixture(params=[("present", "0 0 0"), ("json_response", "1 1 1")], ids=["before-commit", "after-commit"])
def killed(request: pytest.FixtureRequest) -> Iterator[tuple[Server, str]]:
    """A server that dies at the first post, and what that leaves behind."""
    name, left = request.param
    with Server("uvicorn", application="tests.support.dying:application", DIES_AT=name) as server:
        yield server, left


def post(server: Server, secret: str) -> tuple[int, dict[str, object]]:
    headers = tokens.bearer(secret) | {"Content-Type": "application/json", "Idempotency-Key": "k1"}
    with closing(server.connection()) as connection:
        connection.request("POST", "/api/events/", json.dumps({"kind": "status_change", "text": "Hello"}), headers)
        answer = connection.getresponse()
        return answer.status, json.load(answer)


def test_a_post_to_a_server_that_is_killed_is_saved_once(killed: tuple[Server, str]) -> None:
    server, left = killed
    secret = tokens.issue_on(server, "alice", scopes=("post",))
    server.shell("Event.objects.all().delete(); Change.objects.all().delete()")
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        post(server, secret)
    wait_until(lambda: server.has_died, "the server to die")
    assert server.shell(POSTED).split() == left.split()
    server.restart(DIES_AT="")
    answers = [post(server, secret) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0][0] == 201
    assert server.shell(POSTED).split()[:2] == ["1", "1"]
    assert server.shell("print(StatusChange.objects.get().pk)").strip() == str(answers[0][1]["id"])
