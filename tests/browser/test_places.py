"""Deep in the feed: where one was, and a page that stays light."""

from playwright.sync_api import Locator, Page, Route, expect

from tests.support.processes import wait_until
from tests.support.servers import Server
from tests.support.visiting import Visitor, wait_live, write

POSTS = (
    "charlie = User.objects.create_user('charlie');"
    "[StatusChange.objects.create(user=charlie, text=f'post {{n}}') for n in range({})]"
)
NODES = "document.querySelectorAll('*').length"


def posts(server: Server, count: int) -> None:
    server.shell(POSTS.format(count))


def post(server: Server, text: str) -> None:
    server.shell(f"StatusChange.objects.create(user=User.objects.get(username='charlie'), text={text!r})")


def row(page: Page, server: Server, text: str) -> Locator:
    """The row of this post, which may be empty while it is far from view."""
    return page.locator(f"#event-{server.shell(f'print(StatusChange.objects.get(text={text!r}).pk)').strip()}")


def read_down_to(page: Page, target: Locator) -> None:
    while not target.count():
        page.evaluate("scrollTo({top: document.documentElement.scrollHeight})")
        page.wait_for_timeout(20)  # lets the older rows come
    target.evaluate("(row) => row.scrollIntoView({block: 'center'})")


def place_of(target: Locator) -> float:
    return float(target.evaluate("(row) => row.getBoundingClientRect().top"))


def test_back_leads_to_where_bob_was_and_marks_only_what_is_new(visit: Visitor, server: Server) -> None:
    posts(server, 100)
    bob = wait_live(visit())
    post(server, "seen")
    rows = bob.locator("#feed > article")
    expect(rows.first).to_contain_text("seen")
    target = row(bob, server, "post 20")
    read_down_to(bob, target)
    expect(target).to_contain_text("post 20")
    place, count = place_of(target), rows.count()
    target.locator("a.when").click()
    bob.wait_for_url("**/events/*/")
    wait_live(bob)
    post(server, "unknown")
    bob.go_back()
    expect(wait_live(bob).locator("#pill")).to_have_text("1 new post")
    expect(target).to_be_in_viewport()
    wait_until(lambda: abs(place_of(target) - place) < 2, "the row to be where it was")
    expect(rows).to_have_count(count)
    bob.locator("#pill").click()
    expect(rows.nth(0)).to_contain_text("unknown")
    expect(rows.nth(1)).to_contain_text("seen")
    expect(bob.locator("#feed > .fresh")).to_have_count(1)


def test_the_place_of_alice_is_not_that_of_who_comes_after_her(visit: Visitor, server: Server) -> None:
    posts(server, 50)
    alice = visit("alice")
    read_down_to(alice, target := row(alice, server, "post 5"))
    target.locator("a.when").click()
    alice.wait_for_url("**/events/*/")
    tab = alice.context.new_page()
    tab.goto("/")
    tab.get_by_role("button", name="Log out").click()
    expect(wait_live(tab).locator("#compose")).to_have_count(0)
    alice.go_back()
    expect(wait_live(alice).locator("#you")).to_contain_text("Log in")
    assert alice.evaluate("scrollY") == 0


def test_nothing_is_new_after_a_reload_while_a_post_is_on_its_way(visit: Visitor, server: Server) -> None:
    posts(server, 3)
    alice = visit("alice")
    held: list[Route] = []
    alice.route("**/events/", lambda route: held.append(route))  # noqa: PLW0108 (Playwright sets an attribute on it)
    write(alice, "Hello")
    expect(alice.locator("#feed > .sending")).to_have_count(1)
    alice.reload()
    expect(wait_live(alice).locator("#feed > article", has_text="post")).to_have_count(3)
    expect(alice.locator("#pill")).to_be_hidden()
    expect(alice.locator("#feed > .fresh:not(.sending)")).to_have_count(0)


def test_four_hundred_rows_keep_the_page_under_three_thousand_nodes(visit: Visitor, server: Server) -> None:
    posts(server, 400)
    bob = wait_live(visit())
    rows = bob.locator("#feed > article")
    last = row(bob, server, "post 0")
    read_down_to(bob, last)
    assert rows.count() >= 400
    while bob.evaluate(NODES) > 3000:
        bob.wait_for_timeout(20)
    assert bob.locator("#feed > article:empty").count() > 300

    changing = row(bob, server, "post 350")
    expect(changing).to_be_empty()
    server.shell("s = StatusChange.objects.get(text='post 350'); s.text = 'edited'; s.save()")
    post(server, "after it")
    expect(bob.locator("#pill")).to_have_text("1 new post")
    changing.evaluate("(row) => row.scrollIntoView()")
    expect(changing).to_contain_text("edited")
    far = row(bob, server, "post 200")
    expect(far).to_be_empty()
    far.focus()
    expect(far).to_contain_text("post 200")
    for key, text in (("PageUp", "post 201"), ("k", "post 202"), ("j", "post 201"), ("PageDown", "post 200")):
        bob.keyboard.press(key)
        expect(bob.locator("#feed > article:focus")).to_contain_text(text)
    bob.evaluate("scrollTo({top: 0})")
    expect(rows.first).to_contain_text("post 399")
    while bob.evaluate(NODES) > 3000:
        bob.wait_for_timeout(20)


def test_a_page_in_the_browsers_memory_connects_again(visit: Visitor, server: Server) -> None:
    """Stands in for the browser's back-forward cache, which Playwright turns off: the socket closes, the page stays."""
    posts(server, 3)
    bob = wait_live(visit())
    bob.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    expect(bob.locator("#connection")).to_have_attribute("data-state", "reconnecting")
    bob.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    wait_live(bob)
    post(server, "news")
    expect(bob.locator("#feed > article").first).to_contain_text("news")
