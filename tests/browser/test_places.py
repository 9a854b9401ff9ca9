"""Deep in the feed: where one was, and a page that stays light."""

from playwright.sync_api import Page, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, wait_live

POSTS = (
    "charlie = User.objects.create_user('charlie');"
    "[StatusChange.objects.create(user=charlie, text=f'post {{n}}') for n in range({})]"
)


def scroll_to(page: Page, text: str) -> None:
    """Scroll down until the row with this text is in the middle of the window."""
    row = page.locator("#feed > article", has_text=text)
    while not row.count():
        page.evaluate("scrollTo({top: document.documentElement.scrollHeight})")
        page.wait_for_timeout(20)  # lets the older rows come
    row.evaluate("(row) => row.scrollIntoView({block: 'center'})")
    expect(row).to_contain_text(text)


def place_of(page: Page, text: str) -> float:
    return float(page.locator("#feed > article", has_text=text).evaluate("(row) => row.getBoundingClientRect().top"))


def test_back_leads_to_where_bob_was_and_marks_only_what_is_new(visit: Visitor, server: Server) -> None:
    server.shell(POSTS.format(100))
    bob = wait_live(visit())
    server.shell("StatusChange.objects.create(user=User.objects.get(), text='seen')")
    expect(bob.locator("#feed > article").first).to_contain_text("seen")
    scroll_to(bob, "post 20")
    place, count = place_of(bob, "post 20"), bob.locator("#feed > article").count()
    bob.locator("#feed > article", has_text="post 20").locator("a.when").click()
    bob.wait_for_url("**/events/*/")
    wait_live(bob)
    server.shell("StatusChange.objects.create(user=User.objects.get(), text='unseen')")
    bob.go_back()
    wait_live(bob)
    expect(bob.locator("#pill")).to_have_text("1 new post")
    expect(bob.locator("#feed > article", has_text="post 20")).to_be_in_viewport()
    assert abs(place_of(bob, "post 20") - place) < 2
    assert bob.locator("#feed > article").count() == count
    bob.locator("#pill").click()
    first = bob.locator("#feed > article")
    expect(first.nth(0)).to_contain_text("unseen")
    expect(first.nth(1)).to_contain_text("seen")
    expect(bob.locator("#feed > .fresh")).to_have_count(1)


def test_four_hundred_rows_keep_the_page_under_three_thousand_nodes(visit: Visitor, server: Server) -> None:
    server.shell(POSTS.format(400))
    bob = wait_live(visit())
    scroll_to(bob, "post 0")
    assert bob.locator("#feed > article").count() >= 400
    nodes = "document.createNodeIterator(document).constructor && document.querySelectorAll('*').length"
    while bob.evaluate(nodes) > 3000:
        bob.wait_for_timeout(20)
    assert bob.locator("#feed > article:empty").count() > 300

    # A row far away changes, is focused by keys, and is whole again when bob comes back to it.
    server.shell("s = StatusChange.objects.get(text='post 350'); s.text = 'edited'; s.save()")
    expect(bob.locator("#feed > article", has_text="edited")).to_have_count(1)
    bob.locator("#feed > article", has_text="post 5").last.focus()
    bob.keyboard.press("PageUp")
    expect(bob.locator("#feed > article:focus")).to_contain_text("post 6")
    bob.keyboard.press("j")
    expect(bob.locator("#feed > article:focus")).to_contain_text("post 5")
    bob.evaluate("scrollTo({top: 0})")
    expect(bob.locator("#feed > article").first).to_contain_text("post 399")
    assert bob.evaluate(nodes) < 3000


def test_the_place_of_alice_is_not_that_of_the_next_user(visit: Visitor, server: Server) -> None:
    server.shell(POSTS.format(50))
    bob = wait_live(visit())
    scroll_to(bob, "post 5")
    bob.evaluate("document.querySelector('script[data-user], script[src*=rill]').dataset.user = 'charlie'")
    bob.reload()
    wait_live(bob)
    assert bob.evaluate("scrollY") > 0  # the place is nobody's, and so is the page
    bob.evaluate("for (const key of Object.keys(sessionStorage)) if (key.startsWith('feed:place:'))"
                 "sessionStorage[key] = sessionStorage[key].replace('\"user\":\"\"', '\"user\":\"alice\"')")
