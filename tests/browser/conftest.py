import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.visiting import Visitor
from tests.servers import Server


@pytest.fixture(scope="module")
def one_server() -> Iterator[Server]:
    with Server(FEED_POLL="0.2") as server:
        yield server
        server.assert_quiet()


@pytest.fixture
def server(one_server: Server) -> Server:
    """The module's server, with nobody and nothing in its database."""
    one_server.shell("User.objects.all().delete()")
    return one_server


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What browsers complain of in their consoles, which fails the test."""
    heard: list[str] = []
    yield heard
    # That a socket or an answer is lost, or a form refused, is what some of the tests are about.
    lost = r"WebSocket connection|htmx:ws:error|htmx:error: (Failed to fetch|timeout)|ERR_(CONNECTION|EMPTY)_"
    expected = re.compile(f"{lost}|status of (4|502)")
    assert [text for text in heard if not expected.search(text)] == []


@pytest.fixture
def visit(server: Server, new_visitor: Visitor, complaints: list[str]) -> Visitor:
    """Somebody's own browser on the front page."""

    def visitor(**options: object) -> Page:
        page = new_visitor(base_url=server.url(""), **options)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/")
        return page

    return visitor
