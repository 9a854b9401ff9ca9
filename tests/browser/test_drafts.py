"""What somebody types is there again after a reload, Back, and a log-in in between; and gone once it is posted."""

from playwright.sync_api import Locator, Page, expect

from tests.support.servers import Server
from tests.support.visiting import PASSWORD, Visitor, open_thread, sees, sign_up, wait_live, write


def box(page: Page) -> Locator:
    return page.locator("#compose textarea")


def log_in(page: Page, name: str) -> None:
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form.card button").click()


def end_session(page: Page) -> None:
    """As if it had expired, or ended in another browser."""
    page.context.clear_cookies(name="sessionid")


def test_alices_text_and_its_audience_survive_a_reload_and_back(visit: Visitor) -> None:
    alice = visit("alice")
    box(alice).fill("half a sente")
    alice.locator("#compose select").select_option("only:alice")
    alice.reload()
    expect(box(wait_live(alice))).to_have_value("half a sente")
    expect(alice.locator("#compose select")).to_have_value("only:alice")
    alice.goto("/people/alice/")
    alice.go_back()
    expect(box(alice)).to_have_value("half a sente")


def test_each_form_has_its_own_draft(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    box(alice).fill("a post")
    expect(box(open_thread(alice, "Hello"))).to_have_value("")
    box(alice).fill("a comment")
    alice.goto("/")
    expect(box(alice)).to_have_value("a post")
    expect(box(open_thread(alice, "Hello"))).to_have_value("a comment")


def test_a_draft_is_gone_once_it_is_posted(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    alice.reload()
    expect(box(wait_live(alice))).to_have_value("")


def test_alice_whose_session_has_expired_finds_her_text_after_the_log_in(visit: Visitor) -> None:
    alice = sign_up(visit(), "alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    wait_live(open_thread(alice, "Hello"))
    thread = alice.url
    end_session(alice)
    write(alice, "a long thought")
    alice.wait_for_url("**/accounts/login/**")
    log_in(alice, "alice")
    alice.wait_for_url(thread)
    expect(box(alice)).to_have_value("a long thought")
    alice.locator("#compose button").click()
    sees(alice, "Hello", "a long thought")


def test_bob_does_not_get_the_text_that_alice_left_in_this_tab(visit: Visitor, server: Server) -> None:
    server.shell(f"User.objects.create_user('bob', password={PASSWORD!r})")
    alice = sign_up(visit(), "alice")
    box(alice).fill("a secret")
    alice.get_by_role("button", name="Log out").click()
    for name, text in (("bob", ""), ("alice", "a secret")):
        alice.goto("/accounts/login/")
        log_in(alice, name)
        expect(box(wait_live(alice))).to_have_value(text)
        alice.get_by_role("button", name="Log out").click()


def test_an_edit_comes_back_and_is_gone_once_it_is_saved_or_discarded(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    edit = alice.locator("#feed > article", has_text="Hello").get_by_role("link", name="Edit")
    text = alice.locator("#editor textarea")
    edit.click()
    text.fill("Hello, world")
    alice.reload()
    edit.click()
    expect(text).to_have_value("Hello, world")
    expect(alice.locator("#editor .trying")).to_have_text("Your unsaved changes are back.")
    alice.locator("#editor button").click()
    sees(alice, "Hello, world")
    edit.click()
    text.fill("Hello, moon")
    alice.locator("#editor").get_by_role("link", name="Cancel").click()
    alice.locator("#editor").get_by_role("button", name="Discard").click()
    edit.click()
    expect(text).to_have_value("Hello, world")


def test_a_refused_text_stays_and_is_not_replaced_by_a_draft(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "x" * 2001)
    expect(box(alice)).to_have_attribute("aria-invalid", "true")
    expect(box(alice)).to_have_value("x" * 2001)
    alice.reload()
    expect(box(wait_live(alice))).to_have_value("x" * 2001)
