"""A real browser, with a context for each user."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.conftest import missing
from tests.support.chromium import FLAGS, find_chromium
from tests.support.servers import DELETE_USERS, Server
from tests.support.sessions import log_in
from tests.support.visiting import Visitor, wait_live


# Playwright's synchronous API runs an event loop in the tests' thread until it is stopped. Meanwhile Django's ORM
# refuses to work there, and async tests can't start. So it runs for one module, whose tests reach the database only
# through the server's pages or `server.shell(…)`. Keep them apart from tests that use the ORM or are async.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=FLAGS)
        yield browser
        browser.close()


def chromium(playwright: Playwright) -> str:
    found = find_chromium(playwright)
    if found is None:
        missing("chromium is not installed")
    return found or ""


@pytest.fixture
def new_visitor(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page with its own cookies. Takes the options of Playwright's `new_context`.

    Without motion, if the test doesn't ask for it: to draw a row's way in takes longer than all else about it.
    """
    contexts: list[BrowserContext] = []

    def visitor(**options: object) -> Page:
        contexts.append(browser.new_context(**{"reduced_motion": "reduce", **options}))  # type: ignore[arg-type]
        return contexts[-1].new_page()

    yield visitor
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def one_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with the environment that the module gives (`indirect=True`). Its ids and positions are above 999."""
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
assert (alice.pk, alice.feed_events.get().pk) == (1235, 1235)
"""


@pytest.fixture
def server(one_server: Server) -> Server:
    """The module's server, with an empty database."""
    one_server.shell(DELETE_USERS)
    return one_server


@pytest.fixture
def console_errors() -> Iterator[list[str]]:
    """The errors in the browsers' consoles. An unexpected one fails the test."""
    errors: list[str] = []
    yield errors
    # Some tests cause lost sockets, lost responses and refused forms on purpose.
    lost = r"WebSocket connection|htmx:ws:error|htmx:error: (Failed to fetch|timeout)|ERR_(CONNECTION|EMPTY)_"
    expected = re.compile(f"{lost}|status of (4|502)")
    assert [text for text in errors if not expected.search(text)] == []


@pytest.fixture
def visit(server: Server, new_visitor: Visitor, console_errors: list[str]) -> Visitor:
    """Opens the front page with its own cookies: of a new user, if it is given a name. Then the page is live, too."""

    def visitor(name: str | None = None, **options: object) -> Page:
        page = new_visitor(base_url=server.url(""), **options)
        if name:
            page.context.add_cookies([{"name": "sessionid", "value": log_in(server, name), "url": server.url("/")}])
        page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        page.goto("/")
        return wait_live(page) if name else page

    return visitor
