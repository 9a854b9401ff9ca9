"""Somebody else logs in, or out, in another tab. The page finds out by itself."""

from playwright.sync_api import Page, expect

from tests.support.servers import Server
from tests.support.visiting import PASSWORD, Visitor, sees, wait_live, write


def log_out(page: Page) -> Page:
    """Log out in another tab. Returns the tab."""
    tab = page.context.new_page()
    tab.goto("/")
    tab.get_by_role("button", name="Log out").click()
    return wait_live(tab)


def log_in(tab: Page, name: str) -> None:
    tab.goto("/accounts/login/")
    tab.locator("[name=username]").fill(name)
    tab.locator("[name=password]").fill(PASSWORD)
    tab.locator("form.card button").click()
    expect(wait_live(tab).locator("#compose")).to_be_visible()


def test_the_page_says_who_one_is_now_and_posts_as_that_user(visit: Visitor, server: Server) -> None:
    server.shell(f"User.objects.create_user('bob', password={PASSWORD!r})")
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    row = alice.locator("#feed > article", has_text="Hello")
    expect(row.locator("menu.own")).to_be_visible()
    box = alice.locator("#compose textarea")
    box.click()
    alice.keyboard.type("half a sente")
    log_in(log_out(alice), "bob")

    expect(alice.locator("#identity")).to_contain_text("You are logged in as bob now.")
    expect(alice.locator("#you")).to_contain_text("bob")
    expect(alice.locator("#you")).not_to_contain_text("alice")
    expect(row.locator("menu.own")).not_to_be_visible()
    expect(box).to_have_value("half a sente")
    expect(box).to_be_focused()
    expect(alice.locator("#compose")).to_contain_text("You are logged in as bob now.")
    wait_live(alice)
    alice.keyboard.type("nce")
    alice.locator("#compose button").click()
    sees(alice, "half a sentence", "Hello")
    expect(alice.locator("#feed > article", has_text="half a sentence").locator(".name")).to_have_text("bob")


def test_after_a_log_out_the_form_keeps_its_text_and_offers_to_log_in(visit: Visitor, server: Server) -> None:
    alice = visit("alice")
    alice.locator("#compose textarea").fill("half a sente")
    log_out(alice)
    expect(alice.locator("#identity")).to_contain_text("You are logged out.")
    expect(alice.locator("#you")).to_contain_text("Log in")
    expect(alice.locator("#compose textarea")).to_have_value("half a sente")
    expect(alice.locator("#compose").get_by_role("link", name="Log in")).to_be_visible()
    wait_live(alice)
    server.shell("StatusChange.objects.create(user=User.objects.get(), text='still live')")
    sees(alice, "still live")


def test_a_page_that_reconnects_notices_a_log_in_that_it_has_missed(visit: Visitor, server: Server) -> None:
    """No session has ended for a page that nobody was logged in on, nor while a page had no socket."""
    server.shell(f"User.objects.create_user('bob', password={PASSWORD!r})")
    nobody = wait_live(visit())
    log_in(nobody.context.new_page(), "bob")
    server.kill()
    expect(nobody.locator("#connection")).to_have_attribute("data-state", "reconnecting")
    server.start()
    expect(nobody.locator("#identity")).to_contain_text("You are logged in as bob now.")
    expect(nobody.locator("#you")).to_contain_text("bob")
    wait_live(nobody)


def test_bob_does_not_keep_what_only_alice_may_see(visit: Visitor, server: Server) -> None:
    server.shell(f"User.objects.create_user('bob', password={PASSWORD!r})")
    alice = visit("alice")
    server.shell(
        "StatusChange.objects.create(user=User.objects.get(username='alice'), text='secret', audience='only:alice')"
    )
    alice.goto(f"/events/{server.shell('print(StatusChange.objects.get().pk)').strip()}/")
    sees(wait_live(alice), "secret")
    log_in(log_out(alice), "bob")
    expect(alice.locator("#feed > article")).to_have_count(0)
    expect(alice.locator("#connection")).to_have_attribute("data-state", "stopped")
