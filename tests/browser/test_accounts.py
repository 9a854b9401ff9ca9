"""People in a real browser: names and pictures in rows, one's account, the list of people, and what staff may do."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.profiles.test_pictures import drawn
from tests.support.servers import Server
from tests.support.visiting import PASSWORD, Visitor, sees, sign_up, wait_live, write

LOADED = "image => image.complete && image.naturalWidth > 0"


def upload(page: Page, folder: Path) -> None:
    (folder / "me.png").write_bytes(drawn())
    page.goto("/profile/")
    page.get_by_label("Your picture").set_input_files(folder / "me.png")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("This is your picture now.")).to_be_visible()


def test_bob_sees_alices_name_and_picture_beside_what_she_posts(visit: Visitor, tmp_path: Path) -> None:
    alice, bob = visit("alice"), wait_live(visit())
    upload(alice, tmp_path)
    alice.get_by_label("Name").fill("Alice Example")
    alice.get_by_role("button", name="Save").click()
    expect(alice.get_by_role("heading", level=1)).to_have_text("Alice Example")
    alice.goto("/")
    write(wait_live(alice), "Hello")
    row = bob.locator("#feed > article", has_text="Hello")
    expect(row.locator(".name")).to_have_text("Alice Example")
    expect(row.locator(".handle")).to_have_text("@alice")
    assert row.locator(".avatar img").evaluate(f"async image => {{ await image.decode(); return ({LOADED})(image) }}")


def test_a_file_that_is_no_picture_gets_an_error_beside_its_field(visit: Visitor, tmp_path: Path) -> None:
    alice = visit("alice")
    alice.goto("/profile/")
    (tmp_path / "me.png").write_text("<script>")
    alice.get_by_label("Your picture").set_input_files(tmp_path / "me.png")
    alice.get_by_role("button", name="Upload").click()
    expect(alice.locator(".field .errorlist")).to_contain_text("This isn't a picture")


def test_the_biography_counts_down_and_is_not_cut(visit: Visitor) -> None:
    alice = visit("alice")
    alice.goto("/profile/")
    alice.get_by_label("Bio").fill("x" * 510)
    expect(alice.get_by_label("Bio")).to_have_value("x" * 510)
    expect(alice.locator("form.card .count").first).to_have_text("-10")
    alice.get_by_role("button", name="Save").click()
    expect(alice.get_by_label("Bio")).to_have_attribute("aria-invalid", "true")
    expect(alice.get_by_label("Bio")).to_have_value("x" * 510)


def test_alice_is_greeted_and_closes_the_greeting_for_good(visit: Visitor) -> None:
    bob = sign_up(visit(), "bob")
    alice = sign_up(visit(), "alice")
    greeting = alice.get_by_role("region", name="Welcome, alice")
    expect(greeting.get_by_role("link", name="bob")).to_be_visible()
    greeting.get_by_role("button", name="Got it").click()
    expect(greeting).not_to_be_visible()
    alice.reload()
    expect(wait_live(alice).get_by_text("Welcome, alice")).not_to_be_visible()
    expect(bob.get_by_role("region", name="Welcome, bob")).to_be_visible()


def test_a_new_password_ends_the_other_page_of_alice(visit: Visitor) -> None:
    here, there = sign_up(visit(), "alice"), visit()
    there.goto("/accounts/login/")
    there.locator("[name=username]").fill("alice")
    there.locator("[name=password]").fill(PASSWORD)
    there.get_by_role("button", name="Log in").click()
    wait_live(there)
    here.goto("/accounts/password/")
    for field, value in (
        ("old_password", PASSWORD),
        ("new_password1", "new " + PASSWORD),
        ("new_password2", "new " + PASSWORD),
    ):
        here.locator(f"[name={field}]").fill(value)
    here.get_by_role("button", name="Change it").click()
    expect(here.get_by_text("Your password is changed")).to_be_visible()
    expect(there.locator("#identity")).to_contain_text("You are logged out")


def test_all_that_was_alices_leaves_bobs_page_with_her_account(visit: Visitor) -> None:
    alice, bob = sign_up(visit(), "alice"), wait_live(visit())
    write(alice, "Hello")
    sees(bob, "Hello")
    alice.goto("/profile/")
    alice.get_by_role("link", name="Delete your account").click()
    alice.get_by_label("Your password").fill(PASSWORD)
    alice.get_by_role("button", name="Delete my account").click()
    expect(alice.get_by_text("Your account is deleted")).to_be_visible()
    expect(alice.get_by_role("link", name="Log in").first).to_be_visible()
    expect(bob.locator("#feed > article")).to_have_count(0)


def test_people_are_found_without_scripts(visit: Visitor, server: Server) -> None:
    server.shell("for name in ('alice', 'bob'): User.objects.create_user(name)")
    page = visit(java_script_enabled=False)
    page.get_by_role("link", name="People").click()
    expect(page.locator(".person-list .name")).to_have_text(["bob", "alice"])
    page.get_by_role("searchbox", name="Find people").fill("AL")
    page.get_by_role("searchbox", name="Find people").press("Enter")
    expect(page.locator(".person-list .name")).to_have_text(["alice"])
    page.locator(".person-list .name").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("alice")


def test_staff_delete_where_they_are_and_bob_does_not_see_how(visit: Visitor, server: Server) -> None:
    sam, bob, alice = visit("sam"), visit("bob"), visit("alice")
    server.shell("User.objects.filter(username='sam').update(is_staff=True, is_superuser=True)")
    write(alice, "Hello")
    sam.goto("/")
    row, hers = (page.locator("#feed > article", has_text="Hello") for page in (wait_live(sam), bob))
    expect(hers).to_be_visible()
    for each in (hers, row):
        each.hover()
        each.get_by_role("link", name="More").click()
    expect(bob.locator("#more")).to_be_visible()
    expect(bob.locator("#more").get_by_role("link", name="Remove")).to_have_count(0)
    expect(sam.locator("#more").get_by_role("link", name="Admin")).to_be_visible()
    sam.locator("#more").get_by_role("link", name="Remove").click()
    sam.locator("#editor").get_by_role("button", name="Delete").click()
    for page in (sam, bob, alice):
        expect(page.locator("#feed > article", has_text="Hello")).to_have_count(0)


def test_staff_see_an_empty_feed_fill(visit: Visitor, server: Server) -> None:
    sam = visit("sam")
    server.shell("User.objects.update(is_staff=True); Event.objects.all().delete()")
    sam.reload()
    sam.get_by_role("button", name="Show me").click()
    expect(wait_live(sam).locator("#feed > article").nth(2)).to_be_visible()


def test_an_open_page_of_alice_shows_her_new_profile(server: Server, visit: Visitor) -> None:
    alice, bob = visit("alice"), visit()
    bob.goto("/people/alice/")
    wait_live(bob)
    alice.goto("/profile/")
    alice.locator("[name=display_name]").fill("Alice Example")
    alice.locator("[name=bio]").fill("I like the sea.")
    alice.get_by_role("button", name="Save").click()
    alice.wait_for_url("**/people/alice/")
    expect(bob.locator("#title")).to_have_text("Alice Example")
    expect(bob.locator("#portrait")).to_contain_text("I like the sea.")
