"""Pictures of every page and state, in every width and theme. See script/screenshots."""

import argparse
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.screenshots.accessibility import violations
from tests.screenshots.site import Site, open_site
from tests.screenshots.states import STATES, State
from tests.support.chromium import FLAGS, find_chromium
from tests.support.visiting import wait_live

WIDTHS = [320, 390, 768, 1280, 1920]
HEIGHTS = {320: 568, 390: 844, 768: 1024, 1280: 800, 1920: 1080}
ANIMATIONS: dict[bool, Any] = {True: "allow", False: "disabled"}
THEMES = ["light", "dark"]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def main() -> None:
    options = parse()
    options.folder.mkdir(parents=True, exist_ok=True)
    problems = 0
    with sync_playwright() as playwright, open_site() as site:
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=FLAGS)
        for name, width, theme in product(options.only or STATES, options.widths, options.themes):
            for problem in picture(browser, site, STATES[name], width, theme, options, f"{name}-{width}-{theme}"):
                sys.stdout.write(f"{name} {width} {theme}: {problem}\n")
                sys.stdout.flush()
                problems += 1
        browser.close()
    raise SystemExit(problems > 0)


def parse() -> Any:
    parser = argparse.ArgumentParser(prog="script/screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("var/screenshots"))
    parser.add_argument("--only", nargs="+", choices=STATES, metavar="STATE", help=", ".join(STATES))
    parser.add_argument("--widths", nargs="+", type=int, default=WIDTHS)
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES)
    parser.add_argument("--axe", action="store_true", help="also print the violations that axe-core finds")
    parser.add_argument("--scale", type=float, default=1.0, help="pixels of the picture for one of the page")
    return parser.parse_args()


def picture(
    browser: Browser, site: Site, state: State, width: int, theme: Any, options: Any, name: str
) -> Iterator[str]:
    """Make the picture. Yields what is wrong on the page."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHTS.get(width, 900)},
        color_scheme=theme,
        device_scale_factor=options.scale,
        has_touch=width < 500,
        is_mobile=width < 500,
        base_url=site.server(state.server).url(""),
        bypass_csp=options.axe,
        **state.options,
    )
    if state.user:
        context.add_cookies([{"name": "sessionid", "value": site.session(state.user), "url": site.full.url("")}])
    page = context.new_page()
    show(page, site, state)
    page.screenshot(path=options.folder / f"{name}.png", full_page=state.whole, animations=ANIMATIONS[state.moving])
    if state.options.get("java_script_enabled", True):
        if (overflow := page.evaluate(OVERFLOW)) > 0:
            yield f"scrolls sideways by {overflow} pixels"
        if options.axe:
            yield from violations(page)
    context.close()


def show(page: Page, site: Site, state: State) -> None:
    if state is STATES["loading"]:
        page.route_web_socket("**/ws/feed/**", lambda _: None)  # opens, and stays silent
    if state.media:
        page.emulate_media(**state.media)
    page.goto(site.path(state.path))
    if state.live:
        wait_live(page)
    if state.act:
        state.act(page, site)
    page.evaluate("document.fonts.ready") if state.options.get("java_script_enabled", True) else None


main()
