"""Pages that stay open in a real browser show every change, and miss none."""

from playwright.sync_api import Route, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, delete, open_thread, sees, wait_live, write


def test_bob_sees_alices_posts_edits_and_deletions_without_reloading(visit: Visitor) -> None:
    alice, bob = visit("alice"), wait_live(visit())
    write(alice, "Hello")
    sees(alice, "Hello")  # once, through the socket
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

    delete(alice, "Hello, world")
    for page in (alice, bob):
        sees(page, "Second")


def test_comments_appear_live_on_the_page_of_their_thread(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(alice, "Hello")
    for page in (alice, bob):
        wait_live(open_thread(page, "Hello"))
        sees(page, "Hello")
    write(bob, "Hi, alice")
    write(alice, "Hi, bob")
    for page in (alice, bob):
        expect(page.locator("#feed > article")).to_have_count(3)
        expect(page.locator("#feed > article .text").first).to_have_text("Hello")


def test_a_button_does_not_move_while_alice_presses_it(visit: Visitor, server: Server) -> None:
    """A new comment would push the form down, and the click would miss its button."""
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    wait_live(open_thread(alice, "Hello")).locator("#compose textarea").fill("Hi, bob")
    alice.locator("#compose button").hover()
    alice.mouse.down()
    server.shell(
        "s = StatusChange.objects.get(); bob = User.objects.create_user('bob');"
        "Comment.objects.create(user=bob, thread=s, text='Hi, alice')"
    )
    expect(alice.locator("#incoming > article")).to_have_count(1)
    alice.mouse.up()
    sees(alice, "Hello", "Hi, alice", "Hi, bob")


def test_a_page_that_stays_open_during_a_restart_misses_nothing(visit: Visitor, server: Server) -> None:
    alice, bob = visit("alice"), wait_live(visit(viewport={"width": 390, "height": 800}))
    write(alice, "before")
    sees(bob, "before")
    brand = bob.locator(".brand").bounding_box()
    server.kill()
    expect(bob.locator("#connection")).to_have_attribute("data-state", "reconnecting")
    assert bob.locator(".brand").bounding_box() == brand  # the layout doesn't shift on a phone
    server.shell(
        "s = StatusChange.objects.get(); StatusChange.objects.create(user=s.user, text='while it was down');"
        "s.text = 'edited while it was down'; s.save()"
    )
    server.start()
    for page in (alice, bob):
        wait_live(page)
        sees(page, "while it was down", "edited while it was down")
    write(alice, "after")
    sees(bob, "after", "while it was down", "edited while it was down")


def test_bobs_unsent_text_survives_new_events_and_a_reload_of_the_feed(visit: Visitor, server: Server) -> None:
    alice, bob = visit("alice"), visit("bob")
    bob.locator("#compose textarea").fill("a long thou")
    write(alice, "Hello")
    sees(bob, "Hello")
    server.manage("rename_log")  # makes the page reload its events
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


def test_a_page_with_an_expired_cursor_reloads_its_events(visit: Visitor, server: Server) -> None:
    """No frame can bring what it has missed. Alice's unsent text stays."""
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    alice.locator("#compose textarea").fill("a long thou")
    server.kill()
    expect(alice.locator("#connection")).to_have_attribute("data-state", "reconnecting")
    server.shell(MEANWHILE)
    server.start()
    sees(wait_live(alice), "missed", "Hello again")
    expect(alice.locator("#compose textarea")).to_have_value("a long thou")
    expect(alice.locator("#compose textarea")).to_be_focused()


def test_scrolling_down_loads_older_events(visit: Visitor, server: Server) -> None:
    visit("alice")
    server.shell(
        "u = Event.objects.first().user; [StatusChange.objects.create(user=u, text=f'post {n}') for n in range(70)]"
    )
    visitor = wait_live(visit())
    rows = visitor.locator("#feed > article")
    expect(rows).to_have_count(30)
    while (known := rows.count()) < 71:
        rows.last.scroll_into_view_if_needed()
        visitor.mouse.wheel(0, 10_000)
        expect(rows.nth(known)).to_be_attached()
    expect(visitor.locator("#feed > article .text")).to_have_text([f"post {n}" for n in reversed(range(70))])
    server.shell("s = StatusChange.objects.get(text='post 3'); s.text = 'post 3, edited'; s.save()")
    expect(visitor.locator("#feed > article", has_text="post 3, edited")).to_have_count(1)


def test_bob_gets_a_notice_of_new_posts_and_keeps_his_place_when_he_has_scrolled_down(
    visit: Visitor, server: Server
) -> None:
    visit("alice")
    server.shell(
        "u = Event.objects.first().user; [StatusChange.objects.create(user=u, text=f'post {n}') for n in range(40)]"
    )
    bob = wait_live(visit())
    bob.mouse.wheel(0, 2000)
    while not bob.evaluate("scrollY > 500"):  # wait_for_function needs eval, which the page's policy forbids
        bob.wait_for_timeout(10)
    top = bob.locator("#feed > article").first.get_attribute("id")
    server.shell("StatusChange.objects.create(user=Event.objects.first().user, text='news')")
    expect(bob.locator("#pill")).to_have_text("1 new post")
    assert bob.locator("#feed > article").first.get_attribute("id") == top
    bob.locator("#pill").click()
    expect(bob.locator("#feed > article").first).to_contain_text("news")


def test_the_feed_connects_even_if_its_extension_loads_late(visit: Visitor, server: Server) -> None:
    visitor = visit()
    held: list[Route] = []
    visitor.route("**/hx-ws.min*.js", lambda route: held.append(route))  # noqa: PLW0108 (Playwright sets an attribute on it)
    visitor.goto("/", wait_until="commit")
    # Polls from here. In the page, Playwright would wait for animation frames, which don't come while the page can't
    # be shown, or would use eval, which the page's policy forbids.
    while not (held and visitor.evaluate("Boolean(window.htmx)")):
        visitor.wait_for_timeout(10)  # lets Playwright deliver the route
    held[0].continue_()
    wait_live(visitor)
    server.shell(
        "from django.contrib.auth import get_user_model;"
        "StatusChange.objects.create(user=get_user_model().objects.create_user('alice'), text='Hello')"
    )
    sees(visitor, "Hello")


def test_logging_out_in_one_tab_is_told_in_the_other_tab_which_keeps_its_unsent_text(visit: Visitor) -> None:
    bob = wait_live(visit())
    alice = visit("alice")
    other = alice.context.new_page()
    other.goto("/")
    wait_live(other).locator("#compose textarea").fill("half a sente")
    alice.get_by_role("button", name="Log out").click()
    expect(other.locator("#identity")).to_contain_text("You are logged out.")
    expect(other.locator("#compose textarea")).to_have_value("half a sente")
    wait_live(alice)
    wait_live(bob)


def test_a_feed_that_is_refused_shows_the_reason_and_stops(visit: Visitor, server: Server) -> None:
    visit("alice")
    visitor = visit()
    visitor.goto("/people/alice/")
    wait_live(visitor)
    visitor.evaluate("document.querySelector('#cursor').value = 'nonsense'")
    server.kill()
    server.start()
    expect(visitor.locator("#connection")).to_have_attribute("data-state", "stopped")
    expect(visitor.locator("#connection")).to_contain_text("whole number")


def test_a_new_name_shows_in_all_rows_of_open_pages(visit: Visitor, server: Server) -> None:
    zoe = "zoe@example.com"  # which isn't a name in CSS
    server.shell(
        f"zoe = User.objects.create_user({zoe!r}); bob = User.objects.create_user('bob')\n"
        "UserProfile.objects.filter(user=zoe).update(display_name='Before')\n"
        "hello = StatusChange.objects.create(user=zoe, text='Hello')\n"
        "Comment.objects.create(user=bob, thread=hello, text='Hi!')"
    )
    page = wait_live(visit())
    hers = page.locator("#feed > article", has_text="Hello").and_(page.locator(f"[data-user='{zoe}']"))
    answer = page.locator("#feed > article", has_text="Hi!")
    expect(hers.locator(".name")).to_have_text("Before")
    page.evaluate("document.body.dataset.loaded = 'once'")
    for name, shown in (("Zoë <b>", f"Zoë <b> @{zoe}"), ("Zoë", f"Zoë @{zoe}"), ("", zoe)):
        server.shell(
            f"hers = UserProfile.objects.get(user__username={zoe!r}); hers.display_name = {name!r}; hers.save()"
        )
        expect(hers.locator("header > span")).to_have_text(shown)
        expect(hers.locator(".avatar")).to_have_text("Z")
        expect(answer.locator(".about b")).to_have_text(name or zoe)
        expect(answer.locator("header > span")).to_contain_text("bob")
    assert page.evaluate("document.body.dataset.loaded") == "once"


def test_a_new_name_of_somebody_who_has_no_row_changes_nothing(visit: Visitor, server: Server) -> None:
    server.shell("yan = User.objects.create_user('yan'); yan.feed_events.all().delete()")
    page = wait_live(visit())
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    server.shell("hers = UserProfile.objects.get(user__username='yan'); hers.display_name = 'Yan'; hers.save()")
    server.shell("StatusChange.objects.create(user=User.objects.get(username='yan'), text='Hello')")
    sees(page, "Hello")
    expect(page.locator("#feed .name")).to_have_text("Yan")
    assert problems == []
