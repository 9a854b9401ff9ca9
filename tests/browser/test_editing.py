"""Editing a post: nothing that anybody wrote is lost silently."""

from playwright.sync_api import Page, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, sees, write


def alice_edits(visit: Visitor, text: str = "Hello") -> Page:
    """Alice's page, with the dialog open."""
    alice = visit("alice")
    write(alice, text)
    sees(alice, text)
    open_editor(alice)
    return alice


def open_editor(page: Page) -> None:
    page.locator("#feed > article .text").locator("..").first.get_by_role("link", name="Edit").click()
    expect(page.locator("#editor textarea")).to_be_focused()


def edited_elsewhere(server: Server, text: str) -> None:
    server.shell(f"s = StatusChange.objects.get(); s.text = {text!r}; s.save()")


def stored(server: Server) -> str:
    return server.shell("print(StatusChange.objects.get().text)").strip()


def test_alice_sees_both_texts_when_hers_was_changed_meanwhile_and_keeps_hers(visit: Visitor, server: Server) -> None:
    alice = alice_edits(visit)
    edited_elsewhere(server, "Hello, moon")
    alice.locator("#editor textarea").fill("Hello, world")
    alice.locator("#editor button").click()
    editor = alice.locator("#editor")
    expect(editor).to_contain_text("It was changed meanwhile")
    expect(editor.locator(".theirs .text")).to_have_text("Hello, moon")
    expect(editor.locator("textarea")).to_have_value("Hello, world")
    assert stored(server) == "Hello, moon"
    editor.get_by_role("button", name="Keep mine").click()
    sees(alice, "Hello, world")


def test_alice_takes_theirs(visit: Visitor, server: Server) -> None:
    alice = alice_edits(visit)
    edited_elsewhere(server, "Hello, moon")
    alice.locator("#editor textarea").fill("Hello, world")
    alice.locator("#editor button").click()
    alice.locator("#editor").get_by_role("link", name="Take theirs").click()
    expect(alice.locator("#editor")).not_to_be_visible()
    open_editor(alice)
    expect(alice.locator("#editor textarea")).to_have_value("Hello, moon")


def test_a_draft_of_an_old_text_does_not_win_either(visit: Visitor, server: Server) -> None:
    alice = alice_edits(visit)
    alice.locator("#editor textarea").fill("Hello, world")
    edited_elsewhere(server, "Hello, moon")
    alice.reload()
    open_editor(alice)
    alice.locator("#editor button").click()
    expect(alice.locator("#editor .theirs .text")).to_have_text("Hello, moon")


def test_escape_asks_before_it_drops_an_edit(visit: Visitor, server: Server) -> None:
    alice = alice_edits(visit)
    editor = alice.locator("#editor")
    alice.keyboard.press("Escape")
    expect(editor).not_to_be_visible()  # nothing was changed
    open_editor(alice)
    editor.locator("textarea").fill("Hello, world")
    for key in (True, False):
        alice.keyboard.press("Escape") if key else alice.mouse.click(5, 5)
        expect(editor).to_contain_text("Discard your changes?")
        expect(editor.get_by_role("button", name="Keep editing")).to_be_focused()
        alice.keyboard.press("Escape")
        expect(editor).not_to_contain_text("Discard your changes?")
        expect(editor.locator("textarea")).to_be_focused()
        expect(editor.locator("textarea")).to_have_value("Hello, world")
    editor.get_by_role("link", name="Cancel").click()
    editor.get_by_role("button", name="Discard").click()
    expect(editor).not_to_be_visible()
    assert stored(server) == "Hello"
