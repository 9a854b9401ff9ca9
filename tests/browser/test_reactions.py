"""Reactions and the bell in a browser."""

import re

from playwright.sync_api import Page, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, sees, write

THUMB = "👍"


def test_one_tap_puts_an_emoji_and_another_takes_it_away(server: Server, visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    post(alice, "Hello")
    row = bob.locator("#feed > article", has_text="Hello")
    row.hover()
    row.get_by_role("link", name="React").click()
    bob.locator("#palette").get_by_text(THUMB).click()
    for page in (alice, bob):
        count = page.locator("#feed > article", has_text="Hello").locator(".reaction")
        expect(count).to_have_text(re.compile(f"{THUMB}\\s*1"))
    expect(row.locator(".reaction")).to_have_class(re.compile("mine"))
    row.locator(".reaction").hover()
    expect(row.locator(".reaction")).to_have_attribute("title", "bob")
    row.locator(".reaction").click()
    expect(alice.locator("#feed .reaction")).to_have_count(0)
    bob.reload()
    expect(bob.locator("#feed .reaction")).to_have_count(0)


def test_the_palette_works_by_keyboard(server: Server, visit: Visitor) -> None:
    alice = visit("alice")
    post(alice, "Hello")
    alice.locator("#feed > article", has_text="Hello").get_by_role("link", name="React").focus()
    alice.keyboard.press("Enter")
    expect(alice.locator("#palette button").first).to_be_focused()
    alice.keyboard.press("ArrowRight")
    alice.keyboard.press("Enter")
    expect(alice.locator("#feed .reaction.mine")).to_have_count(1)
    alice.reload()
    expect(alice.locator("#feed .reaction.mine")).to_have_count(1)


def test_the_bell_rings_in_every_tab_and_is_cleared_in_every_tab(server: Server, visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    other = alice.context.new_page()
    other.goto("/people/bob/")
    expect(other.locator("#connection")).to_have_attribute("data-state", "live")
    post(bob, "Have you seen this, @alice?")
    for tab in (alice, other):
        expect(tab.locator("#bell")).to_have_attribute("data-count", "1")
        expect(tab).to_have_title(re.compile(r"^\(1\) "))
    alice.locator("#bell").click()
    expect(alice.locator("#feed > article")).to_have_count(1)
    for tab in (alice, other):
        expect(tab.locator("#bell")).to_have_attribute("data-count", "0")
        expect(tab).not_to_have_title(re.compile(r"^\("))


def test_what_arrives_on_the_page_for_you_is_shown_and_read(server: Server, visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    post(alice, "Hello")
    alice.goto("/for-you/")
    expect(alice.locator("#connection")).to_have_attribute("data-state", "live")
    row = bob.locator("#feed > article", has_text="Hello")
    row.hover()
    row.get_by_role("link", name="React").click()
    bob.locator("#palette").get_by_text(THUMB).click()
    expect(alice.locator("#feed > article")).to_contain_text("reacted with")
    expect(alice.locator("#bell")).to_have_attribute("data-count", "0")


def post(page: Page, text: str) -> None:
    write(page, text)
    sees(page, text)
