"""The feed of a site that is under a path of its own, and below another one in it."""

import re
from html import unescape
from urllib.request import urlopen

import pytest
from websockets.sync.client import connect

from tests.support.servers import HOST, Kind, Server
from tests.support.watching import BOTH, TIMEOUT, post_from_another_process

SHOP = {"DJANGO_SETTINGS_MODULE": "tests.adopters.foreign.settings"}
APPLICATION = "tests.adopters.foreign.asgi:application"


def socket_of(page: str) -> str:
    found = re.search(r'hx-ws:connect="([^"]+)"', page)
    assert found
    return unescape(found[1])


def assert_live_below(server: Server, prefix: str, stripped: str) -> None:
    """stripped: what a proxy in front of the server takes away from the path."""
    page = urlopen(server.url(f"{prefix.removeprefix(stripped)}/activity/")).read().decode()
    path = socket_of(page)
    assert path.startswith(f"{prefix}/ws/feed/?")
    assert f'href="{prefix}/accounts/login/' in page
    with connect(f"ws://{HOST}:{server.port}{path.removeprefix(stripped)}", open_timeout=TIMEOUT) as websocket:
        websocket.send('{"after": "0"}')
        websocket.recv(timeout=TIMEOUT)
        post_from_another_process(server, "one")
        row = str(websocket.recv(timeout=TIMEOUT))
    assert re.search(rf'href="{prefix}/activity/events/\d+/"', row), row
    with urlopen(server.url(f"{prefix.removeprefix(stripped)}/sse/feed/?after=0"), timeout=TIMEOUT) as events:
        assert any(f'"url":"{prefix}/activity/events/' in line.decode() for line in events)


@BOTH
def test_pages_and_rows_are_right_below_the_root_path_of_the_server(kind: Kind) -> None:
    """uvicorn adds the root path to the path, and expects a proxy that takes it away. Daphne expects either."""
    options = ["--root-path", "/site"]
    with Server(kind, application=APPLICATION, options=options, health="/", **SHOP) as server:
        assert_live_below(server, "/site", stripped="/site")
        server.assert_quiet()


def test_daphne_may_also_get_the_whole_path() -> None:
    with Server("daphne", application=APPLICATION, options=["--root-path", "/site"], health="/", **SHOP) as server:
        assert_live_below(server, "/site", stripped="")


@BOTH
@pytest.mark.parametrize("stripped", ["", "/site"])
def test_pages_and_rows_are_right_below_a_forced_script_name(kind: Kind, stripped: str) -> None:
    with Server(kind, application=APPLICATION, health="/", SCRIPT_NAME="/site", **SHOP) as server:
        assert_live_below(server, "/site", stripped)


def test_a_socket_at_a_wrong_path_is_told_the_right_one() -> None:
    with (
        Server("daphne", application=APPLICATION, options=["--root-path", "/site"], health="/", **SHOP) as server,
        connect(f"ws://{HOST}:{server.port}/site/nowhere/", open_timeout=TIMEOUT) as websocket,
    ):
        assert "the feed is at /site/ws/feed/" in str(websocket.recv(timeout=TIMEOUT))
