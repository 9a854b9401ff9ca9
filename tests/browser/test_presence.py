"""Who is watching, as people see it."""

from playwright.sync_api import expect

from tests.support.visiting import Visitor, wait_live


def test_alice_sees_bob_come_and_leave(visit: Visitor) -> None:
    alice = visit("alice")
    watching = alice.locator("#watching-count")
    expect(watching).to_have_text("1 watching")
    bob = visit("bob")
    expect(watching).to_have_text("2 watching")
    bob.close()
    expect(watching).to_have_text("1 watching")


def test_alice_sees_who_is_there_and_goes_to_bobs_page(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    people = alice.locator("#watching-people")
    link = people.get_by_role("link", name="bob")
    expect(link).to_be_visible()
    link.focus()
    # A frame changes the list, and leaves the focus where it is.
    visit("charlie")
    expect(people.get_by_role("link", name="charlie")).to_be_visible()
    expect(link).to_be_focused()
    link.press("Enter")
    expect(alice.locator("h1#title")).to_have_text("bob")
    bob.close()


def test_bob_opts_out_and_is_only_counted(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    bob.goto("/profile/")
    bob.get_by_label("Show when I am here").uncheck()
    bob.get_by_role("button", name="Save").click()
    expect(bob.locator("h1#title")).to_have_text("bob")
    alice.reload()
    expect(alice.locator("#watching-count")).to_have_text("2 watching")
    expect(alice.locator("#watching-people")).to_contain_text("and 1 other")
    expect(alice.locator("#watching-people")).not_to_contain_text("bob")


def test_the_count_is_there_before_the_page_is_live_and_shifts_nothing(visit: Visitor) -> None:
    unscripted, live = visit(java_script_enabled=False), wait_live(visit())
    expect(unscripted.locator("#watching-count")).to_contain_text("watching")
    places = [page.locator("#watching-count").bounding_box() for page in (unscripted, live)]
    assert places[0] is not None
    assert places[1] is not None
    assert [(place["y"], place["height"]) for place in places if place] == [(places[1]["y"], places[1]["height"])] * 2
