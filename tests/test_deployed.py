"""A deployed site: on https, behind a proxy that terminates TLS, with each server."""

import re
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import get_args
from urllib.parse import urlencode

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.support.servers import HOST, Kind, Server

SITE = "https://rill.example"
PROXY = {"Host": "rill.example", "X-Forwarded-Proto": "https"}
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module", params=get_args(Kind))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    # HOST is allowed, too, because Server checks its health there.
    with Server(request.param, ALLOWED_HOSTS=f"rill.example,{HOST}", CSRF_TRUSTED_ORIGINS=SITE) as server:
        yield server
        server.assert_quiet()


def send_request(
    server: Server, path: str, headers: dict[str, str] = PROXY, form: dict[str, str] | None = None
) -> tuple[HTTPResponse, str]:
    connection = HTTPConnection(HOST, server.port, timeout=20)
    try:
        if form is None:
            connection.request("GET", path, headers=headers)
        else:
            kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": SITE}
            connection.request("POST", path, urlencode(form), headers | kind)
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def cookies(response: HTTPResponse) -> dict[str, set[str]]:
    """The attributes of each cookie in the response."""
    parts = [re.split("; *", cookie) for cookie in response.msg.get_all("Set-Cookie", [])]
    return {name.partition("=")[0]: set(attributes) for name, *attributes in parts}


def test_http_requests_are_redirected_to_https(server: Server) -> None:
    response, _ = send_request(server, "/people/alice/?a=b", {"Host": "rill.example"})
    assert (response.status, response.headers["Location"]) == (301, f"{SITE}/people/alice/?a=b")
    assert send_request(server, "/healthz", {"Host": "rill.example"})[0].status == 200


def test_responses_have_the_hsts_header(server: Server) -> None:
    assert send_request(server, "/")[0].headers["Strict-Transport-Security"] == f"max-age={365 * 24 * 3600}"


def test_cookies_are_secure_and_another_host_can_not_set_the_session_cookie(server: Server) -> None:
    page, html = send_request(server, "/accounts/signup/")
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', html)
    assert token
    fields = {"username": "carol", "password1": PASSWORD, "password2": PASSWORD, "csrfmiddlewaretoken": token[1]}
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    signed_up, _ = send_request(server, "/accounts/signup/", PROXY | {"Cookie": cookie}, fields)
    assert signed_up.status == 302
    assert {"Secure", "SameSite=Lax", "Path=/"} <= cookies(page)["csrftoken"]
    session = cookies(signed_up)["__Host-sessionid"]  # the prefix binds it to this host and to https
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= session
    assert not [each for each in session if each.startswith("Domain")]


@pytest.mark.parametrize("host", ["evil.example", "rill.example.evil.example", "rill.example@evil.example", ""])
def test_a_request_for_another_host_is_refused(server: Server, host: str) -> None:
    response, html = send_request(server, "/", PROXY | {"Host": host})
    assert response.status == 400
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "evil" not in html


@pytest.mark.parametrize("origin", ["http://rill.example", "https://evil.example", "null", f"{SITE}:444"])
def test_a_page_of_another_origin_can_not_open_the_websocket(server: Server, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        watch(server, origin)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", [SITE, None])
def test_own_pages_and_programs_can_open_the_websocket(server: Server, origin: str | None) -> None:
    watch(server, origin)


def watch(server: Server, origin: str | None) -> None:
    proxied = socket.create_connection((HOST, server.port))
    claimed = None if origin is None else Origin(origin)
    with connect("ws://rill.example/ws/feed/", sock=proxied, origin=claimed) as websocket:
        assert '"changes"' in str(websocket.recv(timeout=20))


@pytest.mark.parametrize("name", ["../admin", "..", "a/b", "%2e%2e", "<b>", "аlice"])  # noqa: RUF001 (a Cyrillic letter)
def test_every_user_name_has_a_page(server: Server, name: str) -> None:
    path = server.shell(
        f"user, _ = User.objects.get_or_create(username={name!r}); print(user.profile.get_absolute_url())"
    )
    response, html = send_request(server, path.strip())
    assert response.status == 200
    assert "has joined" in html
