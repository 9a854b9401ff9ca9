"""Deleting a post: it goes at once, and comes back if its author wants that within some seconds."""

from playwright.sync_api import Locator, Page, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, sees, wait_live, write


def alice_with(visit: Visitor, *texts: str) -> Page:
    alice = visit("alice")
    for text in texts:
        write(alice, text)
    sees(alice, *reversed(texts))
    return alice


def row(page: Page, text: str) -> Locator:
    return page.locator("#feed > article", has_text=text)


def press_delete(page: Page, text: str) -> None:
    row(page, text).get_by_role("link", name="Delete").press("Enter")


def remaining(server: Server) -> str:
    return server.shell("print(StatusChange.objects.count())").strip()


def test_enter_enter_deletes_nothing(visit: Visitor, server: Server) -> None:
    alice = alice_with(visit, "First", "Second")
    alice.clock.install()
    press_delete(alice, "Second")
    expect(row(alice, "Second")).not_to_be_visible()
    expect(row(alice, "First")).to_be_focused()
    alice.keyboard.press("Enter")  # would open the row, and leave the page
    alice.keyboard.press("z")
    expect(row(alice, "Second")).to_be_visible()
    expect(row(alice, "Second")).to_be_focused()
    expect(alice.locator("#undo")).not_to_be_visible()
    alice.clock.fast_forward("00:08")
    assert remaining(server) == "2"


def test_on_a_phone_alice_edits_and_deletes_from_the_menu_of_her_row(visit: Visitor) -> None:
    alice = visit("alice", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    write(alice, "Hello")
    sees(alice, "Hello")
    for each in ("Edit", "Delete"):
        expect(row(alice, "Hello").get_by_role("link", name=each)).to_be_hidden()
    choose(alice, "Hello", "Edit")
    alice.locator("#editor textarea").fill("Hello, world")
    alice.locator("#editor").get_by_role("button", name="Save").click()
    sees(alice, "Hello, world")
    choose(alice, "Hello, world", "Delete")
    expect(row(alice, "Hello, world")).to_be_hidden()
    alice.locator("#undo button").click()
    expect(row(alice, "Hello, world")).to_be_visible()


def choose(page: Page, text: str, choice: str) -> None:
    row(page, text).get_by_role("link", name="More").click()
    page.locator("#more").get_by_role("link", name=choice).click()


def test_a_double_click_deletes_one_post(visit: Visitor) -> None:
    alice = alice_with(visit, "First", "Second")
    row(alice, "Second").get_by_role("link", name="Delete").dblclick()
    expect(row(alice, "Second")).not_to_be_visible()
    expect(row(alice, "First")).to_be_visible()


def test_after_eight_seconds_the_post_is_gone_for_everybody(visit: Visitor, server: Server) -> None:
    alice, bob = alice_with(visit, "First", "Second"), wait_live(visit())
    alice.clock.install()
    press_delete(alice, "First")
    expect(alice.locator("#undo")).to_contain_text("Deleted.")
    sees(bob, "Second", "First")
    alice.clock.fast_forward("00:08")
    sees(bob, "Second")
    sees(alice, "Second")
    expect(alice.locator("#undo")).not_to_be_visible()


def test_the_time_does_not_stop_when_the_last_row_is_deleted(visit: Visitor, server: Server) -> None:
    alice = alice_with(visit, "First")
    server.shell("Event.objects.exclude(kind='status_change').delete()")
    expect(alice.locator("#feed > article")).to_have_count(1)
    alice.clock.install()
    press_delete(alice, "First")
    alice.clock.fast_forward("00:08")
    expect(alice.locator("#feed > article")).to_have_count(0)
    assert remaining(server) == "0"


def test_the_button_brings_the_post_back_to_its_place_and_waits_while_it_is_pointed_at(
    visit: Visitor, server: Server
) -> None:
    alice = alice_with(visit, "First", "Second", "Third")
    alice.clock.install()
    press_delete(alice, "Second")
    undo = alice.locator("#undo").get_by_role("button", name="Undo")
    undo.hover()
    alice.clock.fast_forward("00:30")
    assert remaining(server) == "3"
    undo.click()
    expect(row(alice, "Second")).to_be_visible()
    sees(alice, "Third", "Second", "First")


def test_two_deletions_are_undone_one_after_the_other(visit: Visitor, server: Server) -> None:
    alice = alice_with(visit, "First", "Second")
    for text in ("First", "Second"):
        press_delete(alice, text)
    alice.keyboard.press("Control+z")
    expect(row(alice, "Second")).to_be_visible()
    expect(row(alice, "First")).not_to_be_visible()
    alice.keyboard.press("Control+z")
    expect(row(alice, "First")).to_be_visible()
    expect(alice.locator("#undo")).not_to_be_visible()


def test_a_row_that_goes_stays_away_when_the_page_loads_its_rows_anew(visit: Visitor, server: Server) -> None:
    alice = alice_with(visit, "First", "Second")
    press_delete(alice, "Second")
    alice.locator("#undo").get_by_role("button").focus()  # the time stops
    server.manage("rename_log")
    server.shell("StatusChange.objects.create(user=User.objects.get(), text='Third')")
    expect(row(alice, "Third")).to_be_visible()
    expect(row(alice, "Second")).not_to_be_visible()
    alice.locator("#undo").get_by_role("button").click()
    sees(alice, "Third", "Second", "First")


def test_leaving_the_page_deletes_at_once(visit: Visitor, server: Server) -> None:
    alice, bob = alice_with(visit, "First", "Second"), wait_live(visit())
    press_delete(alice, "Second")
    expect(row(alice, "Second")).not_to_be_visible()
    alice.goto("/people/alice/")
    sees(bob, "First")


def test_a_post_that_could_not_be_deleted_comes_back_with_the_reason(visit: Visitor) -> None:
    alice = alice_with(visit, "First")
    alice.clock.install()
    alice.route("**/delete/", lambda route: route.fulfill(status=403))
    press_delete(alice, "First")
    alice.clock.fast_forward("00:08")
    expect(row(alice, "First")).to_be_visible()
    expect(alice.locator("#notice")).to_have_text("Only its author can change it.")


def test_without_scripts_a_page_asks_first_and_focuses_nothing(visit: Visitor, server: Server) -> None:
    alice = alice_with(visit, "First")
    path = alice.locator("#feed a[data-delete]").first.get_attribute("href") or ""
    plain = alice.context.browser.new_context(  # type: ignore[union-attr]
        java_script_enabled=False, storage_state=alice.context.storage_state(), base_url=server.url("")
    )
    page = plain.new_page()
    page.goto(path)
    expect(page.locator("form.card button")).not_to_be_focused()
    page.locator("form.card button").click()
    plain.close()
    sees(alice)


def test_an_empty_feed_says_so_until_there_is_a_row(visit: Visitor, server: Server) -> None:
    bob = wait_live(visit())
    for name in ("alice", "charlie"):
        expect(bob.get_by_text("No posts yet.")).to_be_visible()
        server.shell(f"User.objects.create_user({name!r})")
        expect(bob.locator("#feed > article")).to_have_count(1)
        expect(bob.get_by_text("No posts yet.")).not_to_be_visible()
        server.shell("Event.objects.all().delete()")
        expect(bob.get_by_text("No posts yet.")).to_be_visible()
        feed = bob.locator("#feed").element_handle()
        server.manage("rename_log")  # the page loads its events anew, into another element
        bob.wait_for_function("feed => !feed.isConnected", arg=feed)
