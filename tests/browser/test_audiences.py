"""Posts for some people only, on pages that stay open."""

from playwright.sync_api import expect

from tests.support.visiting import Visitor, sees, wait_live, write


def test_bob_sees_alices_draft_once_she_makes_it_public(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    wait_live(bob)
    text, audience = alice.locator("#compose textarea"), alice.locator("#compose select")
    text.focus()  # until then the form is one line
    audience.select_option("only:alice")
    write(alice, "Draft")
    sees(alice, "Draft")
    expect(alice.locator("#feed > article", has_text="Draft")).to_contain_text("Only you")
    expect(audience).to_have_value("only:alice")
    text.focus()
    audience.select_option("public")
    write(alice, "Hello")
    sees(alice, "Hello", "Draft")
    sees(bob, "Hello")
    bob.reload()
    sees(wait_live(bob), "Hello")

    for choice, seen in (("public", ["Hello", "Draft"]), ("only:alice", ["Hello"])):
        alice.locator("#feed > article", has_text="Draft").get_by_role("link", name="Edit").click()
        alice.locator("#editor select").select_option(choice)
        alice.locator("#editor button").click()
        expect(alice.locator("#editor")).not_to_be_visible()
        sees(bob, *seen)
        sees(alice, "Hello", "Draft")
