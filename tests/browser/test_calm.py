"""The menu of a row: mute and report. Tried by alice, by bob, and by sam, who is staff."""

from playwright.sync_api import Page, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, open_thread, sees, wait_live, write


def open_menu(page: Page, text: str) -> Page:
    row = page.locator("#feed > article", has_text=text)
    row.hover()
    row.get_by_role("link", name="More").click()
    expect(page.locator("#more")).to_be_visible()
    return page


def choose(page: Page, name: str) -> None:
    page.locator("#more").get_by_role("button", name=name, exact=True).click()


def test_bob_mutes_alice_in_all_his_tabs_and_she_writes_on(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(bob, "Hello")
    other = bob.context.new_page()
    other.goto("/")
    wait_live(other)
    sees(other, "Hello")
    choose(open_menu(bob, "Hello"), "Mute alice")
    expect(bob.locator("#more [role=status]")).to_have_text("alice is muted.")
    sees(bob)
    sees(other)
    # Undone in the same place.
    choose(bob, "Unmute alice")
    sees(bob, "Hello")
    sees(other, "Hello")
    choose(bob, "Mute alice")
    sees(bob)
    sees(other)
    wait_live(bob)
    write(alice, "Are you there?")
    sees(alice, "Are you there?", "Hello")
    write(bob, "Nobody here")
    sees(bob, "Nobody here")
    sees(other, "Nobody here")


def test_bob_mutes_a_thread_and_its_page_stays_live(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Quiet")
    write(alice, "Loud")
    sees(bob, "Loud", "Quiet")
    choose(open_menu(bob, "Loud"), "Mute this thread")
    sees(bob, "Quiet")
    open_thread(alice, "Loud")
    wait_live(alice)
    watching = bob.context.new_page()
    watching.goto(alice.url)
    wait_live(watching)
    write(alice, "A comment")
    sees(watching, "Loud", "A comment")
    write(bob, "Meanwhile")
    sees(bob, "Meanwhile", "Quiet")


def test_the_menu_works_by_keyboard_and_gives_the_focus_back(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(bob, "Hello")
    link = bob.locator("#feed > article", has_text="Hello").get_by_role("link", name="More")
    link.focus()
    bob.keyboard.press("Enter")
    expect(bob.locator("#more .choice").first).to_be_focused()
    bob.keyboard.press("ArrowUp")
    expect(bob.locator("#more .choice").last).to_be_focused()
    bob.keyboard.press("Escape")
    expect(bob.locator("#more")).to_be_hidden()
    expect(link).to_be_focused()
    bob.keyboard.press("Enter")
    choose(bob, "Mute alice")
    sees(bob)
    expect(bob.locator("#more .choice").first).to_be_focused()
    bob.keyboard.press("Escape")
    expect(bob.locator("#feed > article").first).to_be_focused()


def test_bob_mutes_from_a_page_of_a_person_and_finds_it_in_his_list(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(bob, "Hello")
    bob.goto("/people/alice/")
    wait_live(bob)
    bob.get_by_role("button", name="Mute alice").click()
    expect(bob.get_by_role("button", name="Unmute alice")).to_be_visible()
    sees(bob, "Hello")  # here everything is shown
    bob.goto("/profile/muted/")
    bob.get_by_role("button", name="Unmute alice").click()
    expect(bob.locator("main")).to_contain_text("Nobody.")
    bob.goto("/")
    sees(bob, "Hello")


def test_muting_and_reporting_work_without_scripts(visit: Visitor, server: Server) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(bob, "Hello")
    plain = visit(java_script_enabled=False)
    plain.context.add_cookies(bob.context.cookies())  # type: ignore[arg-type]
    plain.goto("/")
    plain.locator("#feed > article", has_text="Hello").get_by_role("link", name="More").click()
    plain.get_by_role("link", name="Report").click()
    plain.locator("textarea").fill("Rude")
    plain.get_by_role("button", name="Report").click()
    expect(plain.locator("main")).to_contain_text("Reported. Thank you.")
    plain.goto("/")
    plain.locator("#feed > article", has_text="Hello").get_by_role("link", name="More").click()
    plain.get_by_role("button", name="Mute alice").click()
    plain.goto("/")
    sees(plain)


def test_a_report_arrives_live_in_the_feed_of_the_staff_and_nowhere_else(visit: Visitor, server: Server) -> None:
    alice, bob, sam = (visit(name) for name in ("alice", "bob", "sam"))
    server.shell("sam = User.objects.get(username='sam'); sam.is_staff = True; sam.save()")
    write(alice, "Hello")
    for page in (bob, sam):
        sees(page, "Hello")
    open_menu(bob, "Hello").locator("#more").get_by_role("link", name="Report").click()
    expect(bob.locator("#more")).to_be_hidden()
    bob.locator("#editor textarea").fill("Rude")
    bob.locator("#editor").get_by_role("button", name="Report").click()
    expect(bob.locator("#editor [role=status]")).to_have_text("Reported. Thank you.")
    bob.locator("#editor").get_by_role("link", name="Close").click()
    expect(bob.locator("#editor")).to_be_hidden()
    sees(sam, "Rude", "Hello")
    expect(sam.locator("article.report .said")).to_have_text("Hello")
    write(alice, "Later")
    for page in (alice, bob):
        sees(page, "Later", "Hello")


def test_the_link_is_copied(visit: Visitor) -> None:
    alice = visit("alice", permissions=["clipboard-read", "clipboard-write"])
    write(alice, "Hello")
    sees(alice, "Hello")
    choose(open_menu(alice, "Hello"), "Copy link")
    expect(alice.locator("#status")).to_have_text("Copied")
    alice.goto(alice.evaluate("navigator.clipboard.readText()"))
    sees(alice, "Hello")
