"""The pages in a real browser, against a real server: what a person does, and what the others see of it."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.servers import Server

Visitor = Callable[..., Page]
PASSWORD = "correct horse battery"
SCRIPTS = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<p hx-get=/people/alice/ hx-trigger=load hx-target=#feed hx-on:load=\"document.title='owned'\">",
    "<b>&amp;</b>",
]


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
    # That a socket is lost, or a form refused, is what some of the tests are about.
    expected = re.compile(r"WebSocket connection|htmx:ws:error|ERR_CONNECTION_REFUSED|status of 4")
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


def sign_up(page: Page, name: str) -> Page:
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill(name)
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    page.locator("main button, form.card button").last.click()
    page.wait_for_url("**/")
    return live(page)


def live(page: Page) -> Page:
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def write(page: Page, text: str) -> None:
    page.locator("#compose textarea").fill(text)
    page.locator("#compose button").click()


def sees(page: Page, *texts: str) -> None:
    """The rows that have a text, from the top down: these and no others."""
    expect(page.locator("#feed > article .text")).to_have_text(list(texts))


def test_a_new_person_is_welcomed_in_everybodys_feed(visit: Visitor) -> None:
    bob = live(visit())
    alice = sign_up(visit(), "alice")
    for page in (alice, bob):
        expect(page.locator("#feed > article")).to_have_count(1)
        expect(page.locator("#feed > article")).to_contain_text("alice has joined")


def test_what_alice_posts_edits_and_deletes_is_seen_in_another_tab(visit: Visitor) -> None:
    alice, bob = sign_up(visit(), "alice"), live(visit())
    write(alice, "Hello")
    sees(alice, "Hello")  # by the socket, once
    sees(bob, "Hello")
    expect(alice.locator("#compose textarea")).to_have_value("")
    write(alice, "Second")
    sees(bob, "Second", "Hello")

    first = alice.locator("#feed > article", has_text="Hello")
    first.get_by_text("Edit").click()
    alice.locator("#editor textarea").fill("Hello, world")
    alice.locator("#editor button").click()
    for page in (alice, bob):
        sees(page, "Second", "Hello, world")
        expect(page.locator("#feed > article", has_text="Hello, world")).to_contain_text("edited")
    expect(alice.locator("#editor")).not_to_be_visible()

    first = alice.locator("#feed > article", has_text="Hello, world")
    first.get_by_text("Delete").click()
    alice.locator("#editor button").click()
    for page in (alice, bob):
        sees(page, "Second")


def test_only_the_author_is_offered_to_edit_and_delete(visit: Visitor) -> None:
    alice, bob = sign_up(visit(), "alice"), sign_up(visit(), "bob")
    write(alice, "Hello")
    for page, offered in ((alice, True), (bob, False)):
        sees(page, "Hello")
        menu = page.locator("#feed > article", has_text="Hello").locator("menu.own")
        expect(menu).to_be_visible() if offered else expect(menu).not_to_be_visible()


def test_comments_are_live_on_the_page_of_what_they_are_about(visit: Visitor) -> None:
    alice, bob = sign_up(visit(), "alice"), sign_up(visit(), "bob")
    write(alice, "Hello")
    sees(alice, "Hello")
    for page in (alice, bob):
        page.locator("#feed > article", has_text="Hello").locator("a.when").click()
        live(page)
        sees(page, "Hello")
    write(bob, "Hi, alice")
    write(alice, "Hi, bob")
    for page in (alice, bob):
        expect(page.locator("#feed > article")).to_have_count(3)
        expect(page.locator("#feed > article .text").first).to_have_text("Hello")


def test_text_that_is_empty_or_too_long_is_refused_beside_its_field(visit: Visitor) -> None:
    alice = sign_up(visit(), "alice")
    for text in ("", "   ", "x" * 2001):
        write(alice, text)
        expect(alice.locator("#compose textarea")).to_have_attribute("aria-invalid", "true")
    expect(alice.locator("#compose textarea")).to_have_value("x" * 2001)
    write(alice, "x" * 2000)
    sees(alice, "x" * 2000)


def test_what_users_write_is_shown_as_it_is(visit: Visitor) -> None:
    alice, bob = sign_up(visit(), "alice"), live(visit())
    newest_first: list[str] = []
    for text in SCRIPTS:
        write(alice, text)
        newest_first.insert(0, text)
        for page in (alice, bob):
            sees(page, *newest_first)
    bob.reload()
    sees(bob, *newest_first)
    assert "owned" not in bob.title()
    assert "owned" not in alice.title()


def test_a_name_that_looks_like_a_path_or_like_markup_is_only_a_name(visit: Visitor, server: Server) -> None:
    bob = live(visit())
    for name in ("..", "../admin", "%2e%2e", "<img src=x onerror=\"document.title='owned'\">"):
        server.shell(f"User.objects.create_user({name!r})")  # past the form
        link = bob.locator("#feed > article a.name").first
        expect(link).to_have_text(name)
        link.click()
        expect(bob.get_by_role("heading", level=1)).to_have_text(name)
        assert bob.title() == f"{name} \N{MIDDLE DOT} Rill"
        bob.goto("/")
        live(bob)


def test_a_profile_is_shown_and_its_bad_website_is_refused(visit: Visitor) -> None:
    alice, bob = sign_up(visit(), "alice"), live(visit())
    alice.goto("/profile/")
    alice.locator("[name=bio]").fill("I like rivers. <script>")
    for bad in ("javascript:alert(1)", "not a url"):
        alice.locator("[name=website]").fill(bad)
        alice.locator("form.card button").click()
        expect(alice.locator("[name=website]")).to_have_attribute("aria-invalid", "true")
    alice.locator("[name=website]").fill("https://rivers.example/")
    alice.locator("form.card button").click()
    bob.goto("/people/alice/")
    expect(bob.locator("main")).to_contain_text("I like rivers. <script>")
    expect(bob.get_by_role("link", name="https://rivers.example/")).to_have_attribute("rel", re.compile("nofollow"))
    live(bob)
    alice.goto("/")
    write(live(alice), "on my own page")
    sees(bob, "on my own page")


def test_a_page_that_stays_open_over_a_restart_misses_nothing(visit: Visitor, server: Server) -> None:
    alice, bob = sign_up(visit(), "alice"), live(visit(viewport={"width": 390, "height": 800}))
    write(alice, "before")
    sees(bob, "before")
    brand = bob.locator(".brand").bounding_box()
    server.kill()
    expect(bob.locator("#connection")).to_have_attribute("data-state", "reconnecting")
    assert bob.locator(".brand").bounding_box() == brand  # nothing is squeezed on a phone
    server.shell(
        "s = StatusChange.objects.get(); StatusChange.objects.create(user=s.user, text='while it was down');"
        "s.text = 'edited while it was down'; s.save()"
    )
    server.start()
    for page in (alice, bob):
        live(page)
        sees(page, "while it was down", "edited while it was down")
    write(alice, "after")
    sees(bob, "after", "while it was down", "edited while it was down")


def test_what_is_being_typed_survives_what_arrives(visit: Visitor, server: Server) -> None:
    alice, bob = sign_up(visit(), "alice"), sign_up(visit(), "bob")
    bob.locator("#compose textarea").fill("a long thou")
    write(alice, "Hello")
    sees(bob, "Hello")
    server.manage("rename_log")  # the page loads its events anew
    write(alice, "Second")
    sees(bob, "Second", "Hello")
    expect(bob.locator("#compose textarea")).to_have_value("a long thou")
    expect(bob.locator("#compose textarea")).to_be_focused()


MEANWHILE = """
from django.utils import timezone
from feed import log
status = StatusChange.objects.get()
StatusChange.objects.create(user=status.user, text="missed")
status.text = "Hello again"
status.save()
log.number()
log.prune(timezone.now())
"""


def test_a_page_whose_cursor_is_too_old_loads_its_events_by_itself(visit: Visitor, server: Server) -> None:
    """No frame can tell it what it has missed; and what its user is typing stays."""
    alice = sign_up(visit(), "alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    alice.locator("#compose textarea").fill("a long thou")
    server.kill()
    expect(alice.locator("#connection")).to_have_attribute("data-state", "reconnecting")
    server.shell(MEANWHILE)
    server.start()
    sees(live(alice), "missed", "Hello again")
    expect(alice.locator("#compose textarea")).to_have_value("a long thou")
    expect(alice.locator("#compose textarea")).to_be_focused()


def test_older_events_come_when_they_are_scrolled_to(visit: Visitor, server: Server) -> None:
    sign_up(visit(), "alice")
    server.shell(
        "u = Event.objects.first().user; [StatusChange.objects.create(user=u, text=f'post {n}') for n in range(70)]"
    )
    visitor = live(visit())
    rows = visitor.locator("#feed > article")
    expect(rows).to_have_count(30)
    while rows.count() < 71:
        known = rows.count()
        rows.last.scroll_into_view_if_needed()
        visitor.mouse.wheel(0, 10_000)
        expect(rows.nth(known)).to_be_attached()
    expect(visitor.locator("#feed > article .text")).to_have_text([f"post {n}" for n in reversed(range(70))])
    server.shell("s = StatusChange.objects.get(text='post 3'); s.text = 'post 3, edited'; s.save()")
    expect(visitor.locator("#feed > article", has_text="post 3, edited")).to_have_count(1)


def test_who_reads_further_down_is_told_of_new_posts_and_not_moved(visit: Visitor, server: Server) -> None:
    sign_up(visit(), "alice")
    server.shell(
        "u = Event.objects.first().user; [StatusChange.objects.create(user=u, text=f'post {n}') for n in range(40)]"
    )
    bob = live(visit())
    bob.mouse.wheel(0, 2000)
    while not bob.evaluate("scrollY > 500"):  # the page's policy forbids to evaluate a text in it
        bob.wait_for_timeout(10)
    top = bob.locator("#feed > article").first.get_attribute("id")
    server.shell("StatusChange.objects.create(user=Event.objects.first().user, text='news')")
    expect(bob.locator("#pill")).to_have_text("1 new post")
    assert bob.locator("#feed > article").first.get_attribute("id") == top
    bob.locator("#pill").click()
    expect(bob.locator("#feed > article").first).to_contain_text("news")


def test_the_feed_connects_though_its_extension_comes_late(visit: Visitor, server: Server) -> None:
    visitor = visit()
    held: list[Route] = []
    visitor.route("**/hx-ws.min.js", lambda route: held.append(route))  # noqa: PLW0108 (it sets an attribute on what it is given)
    visitor.goto("/", wait_until="commit")
    # Asked from here: in the page itself Playwright would wait for frames of animation, which don't come while the
    # page can't be shown, or would evaluate a text, which the page's policy forbids.
    while not (held and visitor.evaluate("Boolean(window.htmx)")):
        visitor.wait_for_timeout(10)  # lets Playwright deliver the route
    held[0].continue_()
    live(visitor)
    server.shell(
        "from django.contrib.auth import get_user_model;"
        "StatusChange.objects.create(user=get_user_model().objects.create_user('alice'), text='Hello')"
    )
    sees(visitor, "Hello")


def test_without_javascript_everything_can_be_done(visit: Visitor) -> None:
    alice = visit(java_script_enabled=False)
    alice.goto("/accounts/signup/")
    alice.get_by_label("Username").fill("alice")
    alice.locator("[name=password1]").fill(PASSWORD)
    alice.locator("[name=password2]").fill(PASSWORD)
    alice.locator("form.card button").click()
    write(alice, "Hello")
    sees(alice, "Hello")
    write(alice, "")
    expect(alice.locator("#compose textarea")).to_have_attribute("aria-invalid", "true")
    alice.goto("/")
    alice.locator("#feed > article", has_text="Hello").locator("a.when").click()
    write(alice, "Hi, me")
    sees(alice, "Hello", "Hi, me")
    alice.get_by_role("link", name="edit").click()
    alice.locator("textarea").fill("Hello, world")
    alice.locator("form.card button").click()
    sees(alice, "Hello, world", "Hi, me")
    alice.get_by_role("link", name="delete").click()
    alice.locator("form.card button").click()
    expect(alice.locator("#feed > article")).to_have_count(1)
    alice.get_by_role("button", name="Log out").click()
    expect(alice.locator("#compose")).to_have_count(0)


def test_logging_out_and_in_again(visit: Visitor) -> None:
    alice = sign_up(visit(), "alice")
    alice.get_by_role("button", name="Log out").click()
    expect(live(alice).locator("#compose")).to_have_count(0)
    alice.goto("/accounts/login/")
    alice.get_by_label("Username").fill("alice")
    alice.locator("[name=password]").fill("wrong")
    alice.locator("form.card button").click()
    expect(alice.locator("form.card")).to_contain_text("correct username and password")
    alice.locator("[name=password]").fill(PASSWORD)
    alice.locator("form.card button").click()
    expect(live(alice).locator("#compose")).to_be_visible()


def test_logging_out_in_one_tab_stops_the_other_which_keeps_what_is_being_typed(visit: Visitor) -> None:
    bob = live(visit())
    alice = sign_up(visit(), "alice")
    other = alice.context.new_page()
    other.goto("/")
    live(other).locator("#compose textarea").fill("half a sente")
    alice.get_by_role("button", name="Log out").click()
    expect(other.locator("#connection")).to_have_attribute("data-state", "stopped")
    expect(other.locator("#connection")).to_contain_text("This session has ended. Log in again.")
    expect(other.locator("#compose textarea")).to_have_value("half a sente")
    live(alice)
    live(bob)


def test_a_feed_that_can_not_be_had_says_so_and_stops(visit: Visitor, server: Server) -> None:
    sign_up(visit(), "alice")
    visitor = visit()
    visitor.goto("/people/alice/")
    live(visitor)
    visitor.evaluate("document.querySelector('#cursor').value = 'nonsense'")
    server.kill()
    server.start()
    expect(visitor.locator("#connection")).to_have_attribute("data-state", "stopped")
    expect(visitor.locator("#connection")).to_contain_text("whole number")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(visit: Visitor, width: int) -> None:
    alice = sign_up(visit(viewport={"width": width, "height": 800}), "alice")
    write(alice, "x" * 300 + " https://example.com/" + "y" * 300)
    expect(alice.locator("#feed > article")).to_have_count(2)
    post = alice.locator("#feed > article a.when").first.get_attribute("href") or ""
    for path in ("/", "/people/alice/", "/profile/", post):
        alice.goto(path)
        assert alice.evaluate("document.documentElement.scrollWidth") <= width


def test_who_posts_too_much_is_told_so_and_keeps_the_text(new_visitor: Visitor) -> None:
    with Server(FEED_POST_LIMIT="1/hour") as server:
        alice = sign_up(new_visitor(base_url=server.url("")), "alice")
        write(alice, "Hello")
        sees(alice, "Hello")
        write(alice, "long thought out")
        expect(alice.locator("#compose")).to_contain_text("Try again in 60 minutes.")
        expect(alice.locator("#compose textarea")).to_have_value("long thought out")
        expect(alice.locator("#compose textarea")).to_be_focused()
        alice.locator("#feed > article", has_text="Hello").get_by_text("Delete").click()
        alice.locator("#editor button").click()
        expect(alice.locator("#editor")).to_contain_text("Try again in 60 minutes.")
        sees(alice, "Hello")
        expect(alice.locator("#notice")).not_to_be_visible()
        server.assert_quiet()
