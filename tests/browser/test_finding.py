"""Filters, search, and names that are offered while somebody types."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, delete, open_thread, sees, wait_live, write


def offered(page: Page, *names: str) -> None:
    expect(page.locator("#mentions [role=option]")).to_have_text(list(names))


def test_a_filtered_page_is_live_for_what_it_shows(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit()
    bob.get_by_role("link", name="Posts").click()
    wait_live(bob)
    write(alice, "Hello")
    sees(bob, "Hello")
    expect(bob.get_by_role("link", name="Posts")).to_have_attribute("aria-current", "true")
    expect(bob.locator("#feed > article")).to_have_count(1)  # and not that alice has joined
    bob.get_by_role("link", name="Show all").click()
    expect(bob.locator("#feed > article")).to_have_count(2)


def test_one_persons_events_of_one_kind(visit: Visitor) -> None:
    """The socket brings all that alice does; the page leaves out what is of another kind, and doesn't announce it."""
    alice, bob = visit("alice"), visit("bob")
    bob.locator("#person").fill("ALICE")
    bob.locator("#person").press("Enter")
    bob.wait_for_url("**/?stream=user%3Aalice")
    bob.get_by_role("link", name="Comments").click()
    wait_live(bob)
    expect(bob.locator("#compose")).to_be_visible()
    write(alice, "Hello")
    sees(alice, "Hello")
    open_thread(alice, "Hello")
    wait_live(alice)
    write(alice, "A comment")
    sees(bob, "A comment")
    expect(bob.locator("#status")).to_have_text("1 new post")
    bob.get_by_role("link", name="Remove alice").click()
    bob.wait_for_url("**/?stream=kind%3Acomment")
    sees(bob, "A comment")


def test_filters_and_search_work_without_scripts(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit(java_script_enabled=False)
    write(alice, "Hello, world")
    sees(alice, "Hello, world")
    bob.get_by_role("link", name="Comments").click()
    expect(bob.locator("#feed > article")).to_have_count(0)
    bob.locator("#person").fill("alice")
    bob.get_by_role("button", name="Show").click()
    expect(bob.locator("#feed > article")).to_have_count(0)
    bob.locator("#search").fill("hel")
    bob.locator("#search").press("Enter")
    sees(bob, "Hello, world")


def test_what_is_found_is_marked_and_changes_live(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit()
    for text in ("The brown fox", "A fox", "Nothing"):
        write(alice, text)
    sees(alice, "Nothing", "A fox", "The brown fox")
    bob.locator("#search").fill("fox")
    bob.locator("#search").press("Enter")
    wait_live(bob)
    sees(bob, "A fox", "The brown fox")
    assert bob.evaluate("CSS.highlights.get('found').size") == 2
    delete(alice, "A fox")
    sees(bob, "The brown fox")
    write(alice, "Another fox")
    sees(alice, "Another fox", "Nothing", "The brown fox")
    write(alice, "After it")
    sees(alice, "After it", "Another fox", "Nothing", "The brown fox")
    sees(bob, "The brown fox")
    expect(bob.locator("#pill")).to_be_hidden()


def test_a_person_is_found(visit: Visitor) -> None:
    visit("alice")
    bob = visit()
    bob.locator("#search").fill("ali")
    bob.locator("#search").press("Enter")
    bob.locator(".people").get_by_role("link", name="alice").click()
    bob.wait_for_url("**/people/alice/")


@pytest.fixture
def people(server: Server) -> None:
    server.shell("for name in ('alan', 'albert', 'bob'): User.objects.create_user(name)")


@pytest.mark.usefixtures("people")
def test_names_are_offered_in_the_composer(visit: Visitor) -> None:
    alice = visit("alice")
    area = alice.locator("#compose textarea")
    area.click()
    height = alice.evaluate("document.documentElement.scrollHeight")
    area.press_sequentially("Hi @al")
    offered(alice, "alan", "albert", "alice")
    assert alice.evaluate("document.documentElement.scrollHeight") == height
    expect(area).to_have_attribute("aria-expanded", "true")
    expect(area).to_have_attribute("aria-activedescendant", "mention-0")
    area.press("ArrowDown")
    expect(alice.locator("#mentions [aria-selected=true]")).to_have_text("albert")
    area.press("ArrowUp")
    area.press("ArrowUp")
    expect(alice.locator("#mentions [aria-selected=true]")).to_have_text("alice")
    area.press("ArrowDown")
    area.press("ArrowDown")
    area.press("Tab")
    expect(area).to_have_value("Hi @albert ")
    expect(area).to_be_focused()
    expect(alice.locator("#mentions")).to_have_count(0)
    expect(area).not_to_have_attribute("role", "combobox")
    area.press_sequentially("and @B")
    offered(alice, "bob")
    area.press("Enter")
    expect(area).to_have_value("Hi @albert and @bob ")
    area.press_sequentially("and @ali")
    offered(alice, "alice")
    area.press("Escape")
    expect(alice.locator("#mentions")).to_have_count(0)
    area.press_sequentially("c")
    offered(alice, "alice")
    alice.locator("#mentions [role=option]").click()
    expect(area).to_have_value("Hi @albert and @bob and @alice ")
    area.press_sequentially("me@al")  # no mention, but perhaps an address
    area.press("Enter")
    expect(area).to_have_value("Hi @albert and @bob and @alice me@al\n")


@pytest.mark.usefixtures("people")
def test_names_are_offered_in_comments_and_in_the_dialog(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    row = alice.locator("#feed > article", has_text="Hello")
    row.hover()
    row.get_by_role("link", name="Edit").click()
    area = alice.locator("#editor textarea")
    area.press("End")
    area.press_sequentially(" @bo")
    offered(alice, "bob")
    area.press("Escape")
    expect(alice.locator("#mentions")).to_have_count(0)
    expect(alice.locator("#editor")).to_be_visible()
    area.press_sequentially("b")
    offered(alice, "bob")
    alice.locator("#mentions [role=option]").click()
    expect(area).to_have_value("Hello @bob ")
    alice.locator("#editor button").last.click()
    sees(alice, "Hello @bob")
    wait_live(open_thread(alice, "Hello"))
    area = alice.locator("#compose textarea")
    area.click()
    area.press_sequentially("@alb")
    offered(alice, "albert")
    area.press("Enter")
    expect(area).to_have_value("@albert ")


def test_an_older_answer_is_never_offered(visit: Visitor, server: Server) -> None:
    server.shell("for name in ('alan', 'bob'): User.objects.create_user(name)")
    alice = visit("alice")
    alice.route("**/people.json?q=b", lambda route: None)  # never answered
    area = alice.locator("#compose textarea")
    area.click()
    with alice.expect_request("**/people.json?q=b"):
        area.press_sequentially("@b")
    for _ in range(2):
        area.press("Backspace")
    area.press_sequentially("@ala")
    offered(alice, "alan")
