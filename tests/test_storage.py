"""The database refuses to write: posts get an error, watchers notice nothing, and Rill recovers."""

import json
from http.client import HTTPConnection, HTTPMessage
from typing import NamedTuple, get_args
from urllib.parse import urlencode

import pytest

from tests.faults.harness.storage import full_disk, read_only_postgresql
from tests.support.servers import HOST, Kind, Server
from tests.support.watching import TIMEOUT, TilingWatcher, watching

HTMX = {"HX-Request": "true"}
JSON = {"Accept": "application/json"}
TOKEN = "x" * 32
LOG_IN = """
from django.test import Client
client = Client()
client.force_login(User.objects.create_user("alice"))
print(client.cookies["sessionid"].value)
"""


class Response(NamedTuple):
    status: int
    headers: HTTPMessage
    text: str


class Alice:
    """Alice's browser: logged in, without JavaScript."""

    def __init__(self, server: Server) -> None:
        self._port = server.port
        self._cookies = f"sessionid={server.shell(LOG_IN).strip()}; csrftoken={TOKEN}"

    def get(self, path: str) -> Response:
        return self._ask("GET", path, {})

    def post(self, text: str, headers: dict[str, str] | None = None) -> Response:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"text": text, "csrfmiddlewaretoken": TOKEN})
        return self._ask("POST", "/events/", kind | (headers or {}), body)

    def _ask(self, method: str, path: str, headers: dict[str, str], body: str | None = None) -> Response:
        connection = HTTPConnection(HOST, self._port, timeout=TIMEOUT)
        try:
            connection.request(method, path, body, {"Cookie": self._cookies} | headers)
            response = connection.getresponse()
            return Response(response.status, response.headers, response.read().decode())
        finally:
            connection.close()


def assert_posts_fail_with_503(alice: Alice) -> None:
    for headers in ({}, HTMX):
        page = alice.post("lost", headers)
        assert (page.status, page.headers["Retry-After"]) == (503, "5")
        assert "may not have been saved. Try again in a moment." in page.text
        assert "/static/feed/rill." in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    response = alice.post("lost", JSON)
    assert (response.status, response.headers["Retry-After"]) == (503, "5")
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(response.text).keys() == {"code", "message"}
    assert json.loads(response.text)["code"] == "unavailable"


def assert_still_connected(watcher: TilingWatcher) -> None:
    watcher.connection.send('{"type": "ping"}')
    assert watcher.receive()["changes"] == []


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_full_disk_fails_posts_with_503_and_watchers_stay_connected(kind: Kind) -> None:
    with Server(kind) as server, watching(server, "after=0") as watcher:
        alice = Alice(server)
        assert alice.post("before").status == 302
        watcher.see("before")
        with full_disk(server.pid):
            assert_posts_fail_with_503(alice)
            assert "before" in alice.get("/").text  # reading still works
            assert_still_connected(watcher)
        assert alice.post("after").status == 302
        watcher.see("before", "after")
        assert_logged(server, 3, "Service Unavailable: /events/ (disk I/O error)")


def assert_logged(server: Server, times: int, line: str) -> None:
    lines = server.log().splitlines()
    assert [line in each for each in lines] == [True] * times


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_page_answers_503_if_the_database_can_not_be_opened(kind: Kind) -> None:
    """Middleware and error handlers fail as well as views, because sessions and users are in the database."""
    with Server(kind) as server:
        alice = Alice(server)
        assert alice.get("/profile/").status == 200
        paths = ["/", "/profile/", "/accounts/login/", "/nowhere/", "/people/alice/", "/admin/", "/api/events/"]
        with full_disk(server.pid):  # without open connections SQLite has to create its WAL file
            responses = {path: alice.get(path) for path in paths}
            assert (alice.get("/healthz").status, alice.get("/readyz").status) == (200, 503)
        assert {path: response.status for path, response in responses.items()} == dict.fromkeys(paths, 503)
        assert json.loads(responses["/api/events/"].text)["code"] == "unavailable"
        assert alice.get("/profile/").status == 200
        assert_logged(server, len([*paths, "/readyz"]), "Service Unavailable: /")


def test_a_read_only_postgresql_fails_posts_with_503_and_watchers_stay_connected(postgresql_database: str) -> None:
    with Server(database_url=postgresql_database) as server, watching(server, "after=0") as watcher:
        alice = Alice(server)
        assert alice.post("before").status == 302
        watcher.see("before")
        with read_only_postgresql(postgresql_database):
            assert_posts_fail_with_503(alice)
            assert "before" in alice.get("/").text
            assert_still_connected(watcher)
        assert alice.post("after").status == 302
        watcher.see("before", "after")
        assert "Traceback" not in server.log()
