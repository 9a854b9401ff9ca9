"""The states of the pages: how each is reached."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.screenshots.site import Site

HERE = Path(__file__).parent
SETTLED = """(row) => Promise.allSettled(row.getAnimations({subtree: true})
  .filter(({animationName}) => animationName !== "feed-seen").map((each) => each.finished))"""


@dataclass(frozen=True)
class State:
    """
    path: the page. Its `{thread}` and `{long}` are ids.
    user: who has logged in, or nobody.
    act: what happens on the page. options, media: how Playwright opens and shows it.
    whole: whether the picture has the whole page, or what fits into the window.
    moving: whether animations go on. If not, they are at their end.
    """

    path: str
    user: str | None = None
    act: Callable[[Page, Site], Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    media: dict[str, Any] = field(default_factory=dict)
    live: bool = True
    whole: bool = False
    moving: bool = False
    server: str = "full"


def focus_composer(page: Page, site: Site) -> None:
    page.locator("#compose textarea").fill("Half a thought")


def post_too_much(page: Page, site: Site) -> None:
    page.locator("#compose textarea").fill("x" * 2001)
    page.locator("#send").click()
    expect(page.locator("[aria-invalid]")).to_be_visible()


def receive(page: Page, site: Site) -> None:
    site.post("quinn", "Just shipped the new release. Watch the stream.")
    expect(page.locator(".fresh")).to_have_count(2)
    page.locator(".fresh").first.evaluate(SETTLED)


def sign_up_wrongly(page: Page, site: Site) -> None:
    page.locator("[name=username]").fill("ada")
    page.locator("main .button").click()
    expect(page.locator(".errorlist").first).to_be_visible()


def make_token(page: Page, site: Site) -> None:
    """Two, so that the list has one that was made before."""
    for name in ("build server", "phone"):
        page.locator("[name=name]").fill(name)
        page.get_by_role("button", name="Make it").click()
        expect(page.get_by_role("status").locator("h2")).to_have_text(name)


def stop(page: Page, site: Site) -> None:
    page.locator("#connection").evaluate("line => line.dataset.state = 'stopped'")


def choose(label: str, shown: str) -> Callable[[Page, Site], None]:
    """Click the link with this label on an own row, and wait for what it shows."""

    def click(page: Page, site: Site) -> None:
        row = page.locator("#feed > article", has=page.locator("menu.own:not([hidden])")).first
        row.hover()
        if page.evaluate("matchMedia('(hover: hover)').matches"):
            row.get_by_role("link", name=label).click()
        else:  # there it is behind "…"
            row.locator("a.more-link").click()
            page.locator("#more").get_by_role("link", name=label).click()
        expect(page.locator(shown)).to_be_visible()

    return click


def hover_row(page: Page, site: Site) -> None:
    page.locator("#feed > .status_change", has_text="flaky").hover()


def point_at_a_name(page: Page, site: Site) -> None:
    page.locator("#feed > .comment a.name", has_text="kofi").first.hover()
    if page.evaluate("matchMedia('(hover: hover)').matches"):  # else there is no card
        page.locator("#card .follow-button").wait_for()


def show_gallery(page: Page, site: Site) -> None:
    """The markup of parts that a small site doesn't show by itself."""
    for selector, name in (("main", "gallery.html"), ("aside", "aside.html")):
        page.locator(selector).last.evaluate("(element, html) => element.innerHTML = html", (HERE / name).read_text())


def show_template(code: int) -> Callable[[Page, Site], None]:
    """An error page. The server is too healthy to show it by itself."""

    def show(page: Page, site: Site) -> None:
        page.route("**/healthz", lambda route: route.fulfill(body=site.template(code), content_type="text/html"))
        page.goto("/healthz")

    return show


STATES = {
    "home": State("/"),
    "home-signed-in": State("/", "ada"),
    "composing": State("/", "ada", focus_composer),
    "too-long": State("/", "ada", post_too_much),
    "arrived": State("/", "ada", receive, moving=True),
    "hover": State("/", "ada", hover_row),
    "card": State("/", "ada", point_at_a_name),
    "older": State("/?before=20", live=True),
    "thread": State("/events/{thread}/", "kofi"),
    "thread-anonymous": State("/events/{thread}/"),
    "comments-500": State("/events/{long}/", "kofi"),
    "person": State("/people/ada/", "ada"),
    "people": State("/people/", "ada", live=False),
    "person-of-others": State("/people/kofi/", "ada"),
    "for-you": State("/for-you/", "ada"),
    "followers": State("/people/ada/followers/", "ada", live=False),
    "search": State("/search/?q=release", "ada"),
    "search-nothing": State("/search/?q=xyzzy", "ada"),
    "home-stream": State("/?stream=home", "ada"),
    "hard-texts": State("/people/{hard}/", "ada", whole=True),
    "edit": State("/", "ada", choose("Edit", "#editor .card")),
    "deleted": State("/", "ada", choose("Delete", "#undo")),
    "login": State("/accounts/login/", live=False),
    "signup": State("/accounts/signup/", live=False),
    "signup-errors": State("/accounts/signup/", None, sign_up_wrongly, live=False),
    "profile": State("/profile/", "ada", live=False),
    "tokens": State("/profile/tokens/", "ada", make_token, live=False, whole=True),
    "empty": State("/", server="empty"),
    "loading": State("/", "ada", options={"service_workers": "block"}, live=False),
    "stopped": State("/", "ada", stop),
    "without-scripts": State("/", options={"java_script_enabled": False}, live=False),
    "400": State("/", None, show_template(400)),
    "403": State("/", None, show_template(403)),
    "404": State("/nowhere/", live=False),
    "500": State("/", None, show_template(500)),
    "503": State("/", None, show_template(503)),
    "print": State("/", "ada", media={"media": "print"}),
    "forced-colours": State("/", "ada", media={"forced_colors": "active"}),
    "gallery": State("/", "ada", show_gallery, whole=True),
    "gallery-forced-colours": State("/", "ada", show_gallery, media={"forced_colors": "active"}, whole=True),
}
