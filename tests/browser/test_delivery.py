"""What a visit costs: files over the wire, shifts of the layout, and nodes after long scrolling."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.measured_site import MeasuredSite
from tests.support.servers import Server
from tests.support.visiting import Visitor, wait_live

FIRST_LOAD = 60 * 1024
"""Bytes over the wire, headers included, the typeface not."""
MAX_SHIFT = 0.02
MAX_NODES = 3000
IDS = "[...document.querySelectorAll('#feed > article')].map((row) => row.id)"
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput)
      window.shifts.push([entry.value, ...entry.sources.map(({ node, previousRect: was, currentRect: is }) =>
        `${node?.outerHTML?.slice(0, 60)}: ${JSON.stringify(was)} to ${JSON.stringify(is)}`)]);
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def site() -> Iterator[MeasuredSite]:
    with Server("uvicorn", FEED_POLL="0.2") as server:
        yield MeasuredSite(server, rows=450)
        server.assert_quiet()


def open_page(new_visitor: Visitor, site: MeasuredSite, session: str | None, width: int) -> Page:
    options = {"viewport": {"width": width, "height": 800}, "reduced_motion": "no-preference"}
    page = new_visitor(base_url=site.server.url(""), **options)
    if session:
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": site.server.url()}])
    return page


def loaded(page: Page, path: str) -> dict[str, int]:
    """The bytes of each response over the wire, by URL."""
    sizes: dict[str, int] = {}
    urls: dict[str, str] = {}
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.responseReceived", lambda event: urls.update({event["requestId"]: event["response"]["url"]}))

    def finished(event: dict[str, Any]) -> None:
        url = urls[event["requestId"]]
        sizes[url] = sizes.get(url, 0) + int(event["encodedDataLength"])

    network.on("Network.loadingFinished", finished)
    page.goto(path, wait_until="networkidle")
    wait_live(page)
    return sizes


def test_a_first_load_of_the_front_page_is_small(new_visitor: Visitor, site: MeasuredSite) -> None:
    page = open_page(new_visitor, site, None, 390)
    sizes = loaded(page, "/")
    assert page.locator("#feed > article").count() >= 30
    weight = sum(size for url, size in sizes.items() if not url.endswith(".woff2"))
    assert weight < FIRST_LOAD, "\n".join(f"{size} {url}" for url, size in sizes.items())


def test_a_second_load_transfers_the_page_only(new_visitor: Visitor, site: MeasuredSite) -> None:
    page = open_page(new_visitor, site, None, 390)
    assert len(loaded(page, "/")) > 10
    sizes = loaded(page, "/people/alice/")
    assert [url for url, size in sizes.items() if size and "/static/" in url] == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("who", ["signed out", "signed in"])
@pytest.mark.parametrize("state", ["home", "thread", "person", "login"])
def test_nothing_moves_while_a_page_loads(
    new_visitor: Visitor, site: MeasuredSite, state: str, who: str, width: int
) -> None:
    page = open_page(new_visitor, site, site.session if who == "signed in" else None, width)
    page.add_init_script(SHIFTS)
    page.goto(site.paths()[state], wait_until="networkidle")
    if state != "login":
        wait_live(page)
    page.wait_for_function("document.fonts.status === 'loaded'")
    shifts = page.evaluate("shifts")
    assert sum(shift[0] for shift in shifts) < MAX_SHIFT, shifts


def test_scrolling_through_400_rows_keeps_the_page_small(new_visitor: Visitor, site: MeasuredSite) -> None:
    page = open_page(new_visitor, site, None, 1280)
    page.goto("/")
    wait_live(page)
    seen = set(page.evaluate(IDS))
    while len(seen) < 400:
        page.locator("#feed > article").last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 3000)
        page.wait_for_function(f"seen => {IDS}.some((id) => !seen.includes(id))", arg=list(seen))
        seen.update(page.evaluate(IDS))
    assert page.evaluate("document.querySelectorAll('*').length") < MAX_NODES
