"""`LOG_FORMAT=json` on real servers: every line is JSON, and a page and its socket have the same request id."""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.request import Request, urlopen

import pytest
from websockets.sync.client import connect

from tests.support.processes import TIMEOUT, wait_until
from tests.support.reading import reading
from tests.support.servers import Kind, Server

Line = dict[str, Any]
VERBOSE: dict[Kind, list[str]] = {"daphne": [], "uvicorn": ["--log-level", "info"]}


@pytest.fixture(params=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    options = VERBOSE[request.param]
    with Server(request.param, options=options, LOG_FORMAT="json", LOG_LEVEL="info") as server:
        yield server


def lines(server: Server) -> list[Line]:
    return [json.loads(line) for line in server.log().splitlines() if line]


def connections(server: Server) -> list[Line]:
    return [line for line in lines(server) if line.get("logger") == "feed.connections"]


def open_page(server: Server, request_id: str) -> str:
    """Load the feed, and return the query of the socket that the page opens."""
    request = Request(server.url("/"), headers={"X-Request-ID": request_id})
    with urlopen(request, timeout=TIMEOUT) as answer:
        assert answer.headers["X-Request-ID"] == request_id
        found = re.search(r'hx-ws:connect="/ws/feed/\?([^"]*)"', answer.read().decode())
    assert found
    return unescape(found[1])


def test_every_connection_leaves_one_json_line_with_the_request_id_of_its_page(server: Server) -> None:
    with connect(server.ws_url(open_page(server, "of-the-page"))) as socket:
        socket.send('{"after": "0"}')
        socket.recv(timeout=TIMEOUT)
    with connect(server.ws_url(), additional_headers={"X-Request-ID": "of-a-program"}) as socket:
        socket.recv(timeout=TIMEOUT)
    with reading(server, headers={"X-Request-ID": "of-a-stream"}) as stream:
        stream.frame()
        stream.response.close()
    wait_until(lambda: len(connections(server)) >= 3, "three connections to be logged")
    told = {line["request"]: (line["door"], line["server"], line["reason"]) for line in connections(server)}
    assert told == {
        "of-the-page": ("html", server.kind, "left"),
        "of-a-program": ("json", server.kind, "left"),
        "of-a-stream": ("events", server.kind, "left"),
    }
    server.stop()
    assert len(connections(server)) == 3, "One line each, and all that the server has written is JSON."
