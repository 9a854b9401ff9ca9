"""axe-core finds nothing on any page, in either theme, on phones and desks, signed in and out."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.measured_site import MeasuredSite
from tests.support.servers import Server
from tests.support.visiting import Visitor, wait_live

RULES = "{ rules: { 'target-size': { enabled: true } } }"
"""The size of targets is off by default. Lighthouse looks at it, too."""
CONTRAST = "{ runOnly: ['color-contrast', 'link-in-text-block'] }"
"""All that depends on the theme."""
LIVE = {"home", "thread", "person", "for you"}
SIZES = {390: 844, 1280: 900}


@cache
def axe() -> str:
    """The script, from the package that brings it along for Playwright."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


def violations(page: Page, state: str) -> list[str]:
    """What axe finds on the page as it is now, in each size and theme."""
    page.evaluate(axe())
    found = []
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme, rules in (("light", RULES), ("dark", CONTRAST)):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            found += [f"{state}, {width}, {theme}: {each}" for each in found_by(page, rules)]
    return found


def found_by(page: Page, rules: str) -> list[str]:
    """A line for each element, with the rule."""
    found: list[dict[str, Any]] = page.evaluate(f"async () => (await axe.run({rules})).violations")
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:150]}: {node['failureSummary'].splitlines()[-1]}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.fixture(scope="module")
def site() -> Iterator[MeasuredSite]:
    with Server(FEED_POLL="0.2") as server:
        yield MeasuredSite(server)


@pytest.fixture(scope="module")
def empty() -> Iterator[Server]:
    with Server(FEED_POLL="0.2") as server:
        yield server


Opener = Callable[[Server, str | None], Page]


@pytest.fixture
def open_page(new_visitor: Visitor) -> Opener:
    """A page with the session. Nothing moves: colours are those at the end."""

    def opened(server: Server, session: str | None) -> Page:
        page = new_visitor(base_url=server.url(""))
        if session:
            page.context.add_cookies([{"name": "sessionid", "value": session, "url": server.url()}])
        return page

    return opened


def checked(page: Page, paths: dict[str, str]) -> list[str]:
    found = []
    for state, path in paths.items():
        page.goto(path)
        if state in LIVE:
            wait_live(page)
        found += violations(page, state)
    return found


def report(found: list[str]) -> str:
    return "\n".join(found)


def test_pages_that_everybody_sees(open_page: Opener, site: MeasuredSite) -> None:
    assert report(checked(open_page(site.server, None), site.paths() | {"API": "/api/docs"})) == ""


def test_pages_of_bob(open_page: Opener, site: MeasuredSite) -> None:
    signed_in = ("home", "thread", "person", "people", "search")
    paths = {state: path for state, path in site.paths().items() if state in signed_in}
    paths |= {
        "for you": "/for-you/",
        "own page": "/people/bob/",
        "own profile": "/profile/",
        "picture": "/profile/picture/",
        "password": "/accounts/password/",
        "account": "/profile/delete/",
        "tokens": "/profile/tokens/",
    }
    assert report(checked(open_page(site.server, site.session), paths)) == ""


def test_the_dialog_in_which_bob_edits(open_page: Opener, site: MeasuredSite) -> None:
    page = open_page(site.server, site.session)
    page.goto(f"/events/{site.thread}/")
    wait_live(page)
    row = page.locator(f"#event-{site.thread}")
    row.hover()
    row.get_by_text("Edit", exact=True).click()
    page.locator("#editor[open] textarea").wait_for()
    assert report(violations(page, "edit dialog")) == ""


def test_an_empty_site(open_page: Opener, empty: Server) -> None:
    assert report(checked(open_page(empty, None), {"home": "/", "people": "/people/"})) == ""


def test_forms_with_errors(open_page: Opener, site: MeasuredSite) -> None:
    page, found = open_page(site.server, None), []
    for path in ("/accounts/login/", "/accounts/signup/"):
        page.goto(path)
        for field in page.locator("main input:not([type=hidden])").all():
            field.fill("x")
        page.locator("main button").last.click()
        page.get_by_role("alert").or_(page.locator(".errorlist, .error, .errors")).first.wait_for()
        found += violations(page, f"{path} with errors")
    assert report(found) == ""
