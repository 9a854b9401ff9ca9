"""Tokens and tickets with real servers. tests/test_disconnects.py revokes tokens in two processes."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.support import tokens
from tests.support.servers import Server

TIMEOUT = 20
ELSEWHERE: Any = "https://elsewhere.example"


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(request.param) as running:
        yield running


def ticket_for(server: Server, secret: str) -> str:
    answer = urlopen(Request(server.url("/api/tickets/"), method="POST", headers=tokens.bearer(secret)))
    return str(json.load(answer)["ticket"])


def test_a_token_that_the_command_made_reads_and_watches(server: Server) -> None:
    server.shell("User.objects.get_or_create(username='alice')")
    secret = server.manage("token", "alice").strip().splitlines()[-1]
    answer = urlopen(Request(server.url("/api/events/?stream=to:alice"), headers=tokens.bearer(secret)))
    assert json.load(answer)["events"] == []
    with connect(server.ws_url("stream=to:alice"), additional_headers=tokens.bearer(secret)) as watcher:
        assert json.loads(watcher.recv(timeout=TIMEOUT))["type"] == "changes"
    server.assert_quiet()


def test_a_wrong_token_is_refused(server: Server) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(server.url("/api/events/"), headers=tokens.bearer("wrong")))
    with caught.value as answer:
        assert (answer.code, json.load(answer)["code"]) == (401, "bad_token")


def test_a_page_of_another_site_watches_with_a_ticket_once(server: Server) -> None:
    ticket = ticket_for(server, tokens.issue_on(server, "bob"))
    offered: Any = ["rill.v1", f"ticket.{ticket}"]
    with connect(server.ws_url("stream=to:bob"), origin=ELSEWHERE, subprotocols=offered) as watcher:
        assert watcher.subprotocol == "rill.v1"
        assert json.loads(watcher.recv(timeout=TIMEOUT))["type"] == "changes"
    with connect(server.ws_url("stream=to:bob"), origin=ELSEWHERE, subprotocols=offered) as refused:
        assert json.loads(refused.recv(timeout=TIMEOUT))["code"] == "bad_ticket"
    with pytest.raises(InvalidStatus), connect(server.ws_url(), origin=ELSEWHERE):
        pass
