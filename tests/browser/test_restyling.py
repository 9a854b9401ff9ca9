"""How much of a page the browser styles anew when a row arrives: counted, not timed."""

import json

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, wait_live

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
    page = visit(name)
    page.reload()
    newest(wait_live(page), "Post 29")
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    server.shell(POST)
    newest(page, "Hello")
    assert 0 < most_styled(browser) < page.evaluate(COUNT) / 4


def test_a_row_that_is_deleted_leaves_the_styles_of_the_others(
    browser: Browser, server: Server, visit: Visitor
) -> None:
    server.shell(FILL + POST)
    page = wait_live(visit("bob"))
    newest(page, "Hello")
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    server.shell('StatusChange.objects.get(text="Hello").delete()')
    newest(page, "Post 29")
    assert 0 < most_styled(browser) < page.evaluate(COUNT) / 4


def newest(page: Page, text: str) -> None:
    expect(page.locator("#feed > article .text").first).to_have_text(text)


def most_styled(browser: Browser) -> int:
    """The most elements that the browser has styled at once since the tracing began."""
    events = json.loads(browser.stop_tracing())["traceEvents"]
    counts = [event["args"].get("elementCount", 0) for event in events if event["name"] == "UpdateLayoutTree"]
    return max(counts, default=0)
