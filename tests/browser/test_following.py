"""Following on pages that stay open."""

from playwright.sync_api import Page, expect

from tests.support.visiting import Visitor, sees, wait_live, write


def follow(page: Page, name: str) -> None:
    page.goto(f"/people/{name}/")
    page.get_by_role("button", name=f"Follow {name}").click()
    expect(page.get_by_role("button", name=f"Unfollow {name}")).to_be_visible()


def test_bob_sees_alices_posts_on_his_page_as_soon_as_he_follows_her_in_another_tab(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Before")
    sees(alice, "Before")
    bob.get_by_role("link", name="Following").click()
    bob.wait_for_url("**/?stream=home")
    wait_live(bob)
    expect(bob.get_by_role("link", name="Following")).to_have_attribute("aria-current", "page")
    sees(bob)

    other = bob.context.new_page()
    follow(other, "alice")
    expect(other.locator("#follow-counts")).to_contain_text("1 follower")
    sees(bob, "Before")
    write(alice, "Hello")
    sees(bob, "Hello", "Before")

    other.get_by_role("button", name="Unfollow alice").click()
    sees(bob)


def test_what_is_for_alices_followers_reaches_bob_and_not_carol(visit: Visitor) -> None:
    alice, bob, carol = (visit(name) for name in ("alice", "bob", "carol"))
    follow(bob, "alice")
    bob.goto("/")
    wait_live(bob)
    alice.locator("#compose textarea").focus()  # until then the form is one line
    alice.locator("#compose select").select_option("followers:alice")
    write(alice, "For my followers")
    sees(alice, "For my followers")
    sees(bob, "For my followers")
    expect(bob.locator("#feed > article", has_text="For my followers")).to_contain_text("alice's followers")
    alice.locator("#compose select").select_option("public")
    write(alice, "For all")
    sees(carol, "For all")
    carol.reload()
    sees(wait_live(carol), "For all")


def test_bob_follows_whom_the_page_suggests(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(alice, "Hello")
    bob.goto("/?stream=home")
    wait_live(bob)
    bob.get_by_role("button", name="Follow alice").press("Enter")
    expect(bob.get_by_role("button", name="Unfollow alice")).to_be_visible()
    sees(bob, "Hello")


def test_bob_follows_and_alice_removes_him_without_scripts(visit: Visitor) -> None:
    alice = sign_up_without_scripts(visit(java_script_enabled=False), "alice")
    bob = sign_up_without_scripts(visit(java_script_enabled=False), "bob")
    bob.goto("/people/alice/")
    bob.get_by_role("button", name="Follow alice").click()
    expect(bob.get_by_role("button", name="Unfollow alice")).to_be_visible()
    assert bob.url.endswith("/people/alice/")
    bob.goto("/?stream=home")
    bob.get_by_role("link", name="Everyone").click()
    alice.goto("/people/alice/followers/")
    alice.get_by_role("button", name="Remove bob from your followers").click()
    expect(alice.get_by_text("Nobody follows alice yet.")).to_be_visible()


def sign_up_without_scripts(page: Page, name: str) -> Page:
    page.goto("/accounts/signup/")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password1]").fill("correct horse battery")
    page.locator("[name=password2]").fill("correct horse battery")
    page.locator("form.card button").last.click()
    page.wait_for_url("**/")
    return page


def test_bob_points_at_alices_name_and_follows_her_on_her_card(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(bob, "Hello")
    name = bob.locator("#feed > article", has_text="Hello").get_by_role("link", name="alice", exact=True)
    card = bob.locator("#card")
    name.hover()
    expect(card).to_contain_text("0 followers")
    card.get_by_role("button", name="Follow alice").click()
    expect(card.get_by_role("button", name="Unfollow alice")).to_be_visible()
    bob.mouse.move(0, 0)
    expect(card).to_be_hidden()
    name.hover()
    expect(card).to_contain_text("1 follower")
    bob.keyboard.press("Escape")
    expect(card).to_be_hidden()
