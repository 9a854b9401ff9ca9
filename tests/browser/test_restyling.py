"""How much of a page the browser styles anew when a row arrives: counted, not timed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, wait_live

MOVING = {"reduced_motion": "no-preference"}
FILL = """
alice, _ = User.objects.get_or_create(username="alice")
for number in range(30):
    StatusChange.objects.create(user=alice, text=f"Post {number}")
"""
POST = 'StatusChange.objects.create(user=User.objects.get(username="alice"), text="Hello")'
COUNT = "document.querySelectorAll('*').length"


@pytest.mark.parametrize("name", ["alice", None])
def test_a_row_that_arrives_leaves_the_styles_of_the_others(
    browser: Browser, server: Server, visit: Visitor, name: str | None
) -> None:
    server.shell(FILL)
    page = visit(name, **MOVING)
    page.reload()
    newest(wait_live(page), "Post 29")
    with styled(browser, page) as counts:
        server.shell(POST)
        newest(page, "Hello")
    assert 0 < max(counts) < page.evaluate(COUNT) / 4


def test_a_row_that_is_deleted_leaves_the_styles_of_the_others(
    browser: Browser, server: Server, visit: Visitor
) -> None:
    server.shell(FILL + POST)
    page = wait_live(visit("bob", **MOVING))
    newest(page, "Hello")
    with styled(browser, page) as counts:
        server.shell('StatusChange.objects.get(text="Hello").delete()')
        newest(page, "Post 29")
    assert 0 < max(counts) < page.evaluate(COUNT) / 4


def newest(page: Page, text: str) -> None:
    expect(page.locator("#feed > article .text").first).to_have_text(text)


@contextmanager
def styled(browser: Browser, page: Page) -> Iterator[list[int]]:
    """How many elements the browser has styled at once, each time; known at the end."""
    counts: list[int] = []
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    try:
        yield counts
    finally:
        events = json.loads(browser.stop_tracing())["traceEvents"]
        counts += [each["args"].get("elementCount", 0) for each in events if each["name"] == "UpdateLayoutTree"]
