"""Arrivals move nothing that somebody aims at, types in or reads."""

from playwright.sync_api import Page, expect

from tests.support.servers import DELETE_USERS, Server
from tests.support.visiting import Visitor, open_thread, sees, wait_live, write

CHARLIE = "charlie = User.objects.filter(username='charlie').first() or User.objects.create_user('charlie');"
POST = CHARLIE + "StatusChange.objects.create(user=charlie, text='news')"
COMMENT = CHARLIE + "Comment.objects.create(user=charlie, thread=StatusChange.objects.get(text='Hello'), text='Hi')"


def posts(server: Server, count: int) -> None:
    server.shell(f"{CHARLIE} [StatusChange.objects.create(user=charlie, text=f'post {{n}}') for n in range({count})]")


def comments(server: Server, count: int) -> None:
    server.shell(
        f"{CHARLIE} s = StatusChange.objects.get(text='Hello');"
        f"[Comment.objects.create(user=charlie, thread=s, text=f'comment {{n}}') for n in range({count})]"
    )


def top(page: Page, selector: str) -> float:
    """Where the element is on the screen."""
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["y"]


def thread_of(page: Page, server: Server, count: int) -> Page:
    """The page of a post with this many comments."""
    write(page, "Hello")
    sees(page, "Hello")
    comments(server, count)
    number = server.shell("print(StatusChange.objects.get(text='Hello').pk)").strip()
    page.goto(f"/events/{number}/")
    return wait_live(page)


def test_a_post_waits_while_bob_points_at_a_row_and_comes_when_he_leaves(visit: Visitor, server: Server) -> None:
    posts(server, 3)
    bob = wait_live(visit())
    bob.locator("#feed > article").nth(1).hover()
    aimed = top(bob, "#feed > article:nth-of-type(2)")
    server.shell(POST)
    expect(bob.locator("#pill")).to_have_text("1 new post")
    assert top(bob, "#feed > article:nth-of-type(2)") == aimed
    expect(bob.locator("#status")).to_have_text("1 new post")
    bob.mouse.move(5, 5)
    sees(bob, "news", "post 2", "post 1", "post 0")
    expect(bob.locator("#pill")).not_to_be_visible()


def test_a_post_waits_while_the_focus_is_in_the_feed(visit: Visitor, server: Server) -> None:
    posts(server, 3)
    bob = wait_live(visit())
    bob.keyboard.press("j")
    expect(bob.locator("#feed > article").first).to_be_focused()
    server.shell(POST)
    expect(bob.locator("#pill")).to_have_text("1 new post")
    bob.evaluate("document.activeElement.blur()")
    sees(bob, "news", "post 2", "post 1", "post 0")


def test_the_pill_goes_when_the_post_that_waits_is_deleted(visit: Visitor, server: Server) -> None:
    posts(server, 3)
    bob = wait_live(visit())
    bob.keyboard.press("j")
    server.shell(POST)
    expect(bob.locator("#pill")).to_be_visible()
    server.shell("StatusChange.objects.filter(text='news').delete()")
    expect(bob.locator("#pill")).not_to_be_visible()


def test_a_comment_waits_below_while_alice_types_hers(visit: Visitor, server: Server) -> None:
    alice = thread_of(visit("alice"), server, 20)
    box = alice.locator("#compose textarea")
    box.click()
    alice.keyboard.type("Well, ")
    place = top(alice, "#compose")
    server.shell(COMMENT)
    expect(alice.locator("#pill")).to_have_text("1 new comment")
    expect(alice.locator("#pill")).to_be_in_viewport()
    assert abs(top(alice, "#compose") - place) < 2
    alice.keyboard.type("I think so.")
    expect(box).to_have_value("Well, I think so.")
    alice.locator("#pill").click()
    expect(alice.locator("#feed > article").last).to_contain_text("Hi")
    expect(alice.locator("#feed > article").last).to_be_in_viewport()


def test_alices_own_comment_appears_at_once_and_does_not_move_her_form(visit: Visitor, server: Server) -> None:
    for count in (0, 20):  # a page that is too short to be scrolled, and a long one
        server.shell(DELETE_USERS)
        alice = thread_of(visit("alice"), server, count)
        alice.locator("#compose textarea").click()
        alice.keyboard.type("mine")
        place = top(alice, "#compose textarea")
        alice.keyboard.press("Control+Enter")
        expect(alice.locator("#feed > article").last).to_contain_text("mine")
        expect(alice.locator("#compose textarea")).to_have_value("")
        assert abs(top(alice, "#compose textarea") - place) < 2


def test_comments_flow_in_at_the_end_of_a_thread_and_the_form_stays(visit: Visitor, server: Server) -> None:
    alice = thread_of(visit("alice"), server, 20)
    alice.evaluate("scrollTo({top: 100_000})")
    alice.mouse.move(5, 5)  # leaves the feed
    place = top(alice, "#compose")
    server.shell(COMMENT)
    expect(alice.locator("#feed > article").last).to_contain_text("Hi")
    assert abs(top(alice, "#compose") - place) < 2


def test_an_edit_above_does_not_move_what_bob_reads(visit: Visitor, server: Server) -> None:
    posts(server, 30)
    bob = wait_live(visit())
    row = bob.locator("#feed > article", has_text="post 10")
    row.evaluate("(row) => scrollTo({top: row.offsetTop + 300})")
    row = bob.locator("#feed > article", has_text="post 8")
    place = float(row.evaluate("(row) => row.getBoundingClientRect().top"))
    server.shell("s = StatusChange.objects.get(text='post 20'); s.text = 'long ' * 200; s.save()")
    expect(bob.locator("#feed > article", has_text="long long")).to_be_attached()
    assert abs(row.evaluate("(row) => row.getBoundingClientRect().top") - place) < 2


def test_a_paused_page_shows_nothing_new_until_it_is_resumed(visit: Visitor, server: Server) -> None:
    posts(server, 2)
    bob = wait_live(visit())
    bob.get_by_role("button", name="Pause").click()
    bob.reload()  # it stays paused
    wait_live(bob)
    expect(bob.get_by_role("button", name="Paused. Resume")).to_be_visible()
    server.shell(POST)
    expect(bob.locator("#pill")).to_have_text("1 new post")
    sees(bob, "post 1", "post 0")
    bob.keyboard.press("p")
    sees(bob, "news", "post 1", "post 0")


def test_bob_reads_the_new_title_of_a_thread_and_that_it_was_deleted(visit: Visitor, server: Server) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(bob, "Hello")
    wait_live(open_thread(bob, "Hello")).locator("#compose textarea").fill("half a sente")
    assert bob.title().startswith("alice: Hello \N{MIDDLE DOT}")
    server.shell("s = StatusChange.objects.get(); s.text = 'Good morning'; s.save()")
    sees(bob, "Good morning")
    assert bob.title().startswith("alice: Good morning \N{MIDDLE DOT}")
    server.shell("StatusChange.objects.all().delete()")
    expect(bob.locator("#events .empty").get_by_text("This post was deleted.")).to_be_visible()
    expect(bob.locator("#status")).to_have_text("This post was deleted.")
    expect(bob.locator("#compose button")).to_be_disabled()
    expect(bob.locator("#compose textarea")).to_have_value("half a sente")
    expect(bob.locator("#compose textarea")).not_to_be_editable()


def test_comments_on_one_post_fold_into_the_newest_row(visit: Visitor, server: Server) -> None:
    posts(server, 4)
    bob = wait_live(visit())
    bob.evaluate(
        "for (const row of document.querySelectorAll('#feed > article')) {"
        "if (!row.textContent.includes('post 2')) row.dataset.fold = 'thread:1' }"
    )
    server.shell(POST)
    sees(bob, "news", "post 3", "post 2")


def test_a_conversation_goes_on_while_alices_form_is_empty(visit: Visitor, server: Server) -> None:
    alice = thread_of(visit("alice"), server, 20)
    alice.locator("#compose textarea").focus()
    place = top(alice, "#compose textarea")
    server.shell(COMMENT)
    expect(alice.locator("#feed > article").last).to_contain_text("Hi")
    assert abs(top(alice, "#compose textarea") - place) < 2
