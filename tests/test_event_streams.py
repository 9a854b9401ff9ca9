"""Server-sent events from real servers. More are in tests/test_disconnects.py and tests/test_slow_clients.py."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.support import tokens
from tests.support.reading import TIMEOUT, EventReader, Lost, reading
from tests.support.servers import HOST, Server
from tests.support.watching import post_from_another_process, watching

PARTS, PART = 128, b"x" * 65536
"""What a client sends that has nothing to say: 8 MiB."""
MAX_TAKEN = 4 * 1024 * 1024


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(request.param, ALLOWED_HOSTS="127.0.0.1,localhost") as running:
        yield running


def test_a_reader_that_is_cut_off_resumes_with_what_it_missed(server: Server) -> None:
    post_from_another_process(server, "before")
    with reading(server, "after=0") as reader:
        assert reader.response.status == 200
        assert reader.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        reader.see("before")
        post_from_another_process(server, "live")
        reader.see("live")
        server.kill()
        with pytest.raises((Lost, EOFError)):
            reader.frame()
        seen = reader.parser.last_event_id
    post_from_another_process(server, "while it was down")
    server.start()
    with reading(server, "after=0", {"Last-Event-ID": seen}) as reader:
        frame = reader.frame()
        assert [change["event"]["text"] for change in frame["changes"]] == ["while it was down"]
        assert frame["after"] == int(seen.partition(":")[2])
    server.assert_quiet()


def test_websockets_and_event_streams_get_the_same_frames(server: Server) -> None:
    with watching(server) as watcher, reading(server) as reader:
        assert watcher.receive() == reader.frame()
        post_from_another_process(server, "one", "two")
        shown = {event["id"]: event["text"] for event in events_until("two", reader) if "text" in event}
        watcher.see(*shown.values())
        assert watcher.texts == shown
    server.assert_quiet()


def events_until(text: str, reader: EventReader) -> Iterator[dict[str, Any]]:
    while True:
        for change in reader.frame()["changes"]:
            yield change["event"]
            if change["event"].get("text") == text:
                return


def test_a_long_log_comes_in_frames_that_tile(server: Server) -> None:
    texts = [f"{number} {'long ' * 300}" for number in range(200)]
    post_from_another_process(server, *texts)
    with reading(server, "after=0&stream=kind:status_change") as reader:
        found = set[str]()
        while not found >= set(texts):
            found |= {change["event"]["text"] for change in reader.frame()["changes"]}


def test_a_refused_request_has_a_status_and_a_reason(server: Server) -> None:
    for query, headers, refusal in [
        ("stream=nothing", {}, (404, "unknown_stream")),
        ("after=x", {}, (400, "bad_cursor")),
        ("", tokens.bearer("wrong"), (401, "bad_token")),
        ("", {"Origin": "https://elsewhere.example"}, (403, "other_origin")),
        ("", {"Host": "elsewhere.example"}, (400, "bad_host")),
    ]:
        with reading(server, query, headers) as reader:
            assert (reader.response.status, json.loads(reader.response.read())["code"]) == refusal
    server.assert_quiet()


@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_any_method_but_get_is_refused(server: Server, method: str) -> None:
    connection = server.connection(TIMEOUT)
    connection.request(method, "/sse/feed/", b"hello" if method == "POST" else None)
    response = connection.getresponse()
    body = response.read()
    assert (response.status, response.headers["Allow"]) == (405, "GET")
    assert (b"method_not_allowed" in body) == (method == "POST")
    connection.close()
    server.assert_quiet()


def test_a_client_of_http_1_0_gets_its_events(server: Server) -> None:
    post_from_another_process(server, "for everybody")
    with socket.create_connection((HOST, server.port), timeout=TIMEOUT) as client:
        client.sendall(f"GET /sse/feed/?after=0 HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())
        received = b""
        while b"for everybody" not in received:
            data = client.recv(65536)
            assert data
            received += data
    assert b" 200 " in received
    server.assert_quiet()


def test_what_a_client_sends_after_its_request_is_not_kept(server: Server) -> None:
    resident = psutil.Process(server.pid).memory_info
    with reading(server) as reader:
        reader.frame()
    before = resident().rss
    with socket.create_connection((HOST, server.port), timeout=1) as client:
        client.sendall(f"GET /sse/feed/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        with pytest.raises(OSError):  # noqa: PT011 (it is reset, or its data isn't taken)
            for _ in range(PARTS):
                client.sendall(PART)
    assert resident().rss - before < MAX_TAKEN
    with reading(server) as reader:
        assert reader.frame()["type"] == "changes"
