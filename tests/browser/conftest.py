import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.support.servers import Server
from tests.support.visiting import Visitor


@pytest.fixture(scope="module")
def one_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """With the environment that a module asks for (`indirect=True`); ids and positions are those of an older site."""
    with Server(FEED_POLL="0.2", **getattr(request, "param", {})) as server:
        server.shell(ABOVE_999)
        yield server
        server.assert_quiet()


ABOVE_999 = """
from django.db import connection
with connection.cursor() as cursor:
    for table in ("feed_event", "auth_user"):
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
        cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, 1234)", [table])
Log.objects.update_or_create(pk=1, defaults={"head": 5008, "floor": 5008})
alice = User.objects.create_user("alice")
assert (alice.pk, alice.events.get().pk) == (1235, 1235)
"""


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
