"""The pages in a real browser: what alice does, and what bob sees."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.servers import Server
from tests.support.visiting import PASSWORD, Visitor, delete, open_thread, sees, sign_up, wait_live, write

SCRIPTS = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<p hx-get=/people/alice/ hx-trigger=load hx-target=#feed hx-on:load=\"document.title='owned'\">",
    "<b>&amp;</b>",
]


def test_a_new_users_welcome_appears_in_every_feed(visit: Visitor) -> None:
    bob = wait_live(visit())
    alice = visit("alice")
    for page in (alice, bob):
        expect(page.locator("#feed > article")).to_have_count(1)
        expect(page.locator("#feed > article")).to_contain_text("alice has joined")


def test_only_the_author_sees_the_edit_and_delete_links(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    for page, offered in ((alice, True), (bob, False)):
        sees(page, "Hello")
        menu = page.locator("#feed > article", has_text="Hello").locator("menu.own")
        expect(menu).to_be_visible() if offered else expect(menu).not_to_be_visible()


def test_empty_or_too_long_text_gets_an_error_beside_its_field(visit: Visitor) -> None:
    alice = visit("alice")
    for text in ("", "   ", "x" * 2001):
        write(alice, text)
        expect(alice.locator("#compose textarea")).to_have_attribute("aria-invalid", "true")
    expect(alice.locator("#compose textarea")).to_have_value("x" * 2001)
    write(alice, "x" * 2000)
    sees(alice, "x" * 2000)


def test_markup_in_a_post_is_shown_as_text(visit: Visitor) -> None:
    alice, bob = visit("alice"), wait_live(visit())
    newest_first: list[str] = []
    for text in SCRIPTS:
        write(alice, text)
        newest_first.insert(0, text)
        for page in (alice, bob):
            sees(page, *newest_first)
    bob.reload()
    sees(bob, *newest_first)
    assert "owned" not in bob.title()
    assert "owned" not in alice.title()


def test_a_name_that_looks_like_a_path_or_markup_is_shown_as_text(visit: Visitor, server: Server) -> None:
    bob = wait_live(visit())
    for name in ("..", "../admin", "%2e%2e", "<img src=x onerror=\"document.title='owned'\">"):
        server.shell(f"User.objects.create_user({name!r})")  # bypasses the form's validation
        link = bob.locator("#feed > article a.name").first
        expect(link).to_have_text(name)
        link.click()
        expect(bob.get_by_role("heading", level=1)).to_have_text(name)
        assert bob.title() == f"{name} \N{MIDDLE DOT} Rill"
        bob.goto("/")
        wait_live(bob)


def test_bob_sees_alices_profile_and_a_bad_website_is_refused(visit: Visitor) -> None:
    alice, bob = visit("alice"), wait_live(visit())
    alice.goto("/profile/")
    alice.locator("[name=bio]").fill("I like rivers. <script>")
    for bad in ("javascript:alert(1)", "not a url"):
        alice.locator("[name=website]").fill(bad)
        with alice.expect_navigation():
            alice.locator("form.card button").click()
        expect(alice.locator("[name=website]")).to_have_attribute("aria-invalid", "true")
    alice.locator("[name=website]").fill("https://rivers.example/")
    alice.locator("form.card button").click()
    expect(alice.locator(".message")).to_have_text("Your profile is saved.")
    bob.goto("/people/alice/")
    expect(bob.locator("main")).to_contain_text("I like rivers. <script>")
    expect(bob.get_by_role("link", name="https://rivers.example/")).to_have_attribute("rel", re.compile("nofollow"))
    wait_live(bob)
    alice.goto("/")
    write(wait_live(alice), "on my own page")
    sees(bob, "on my own page")


def test_every_action_works_without_javascript(visit: Visitor) -> None:
    alice = visit(java_script_enabled=False)
    alice.goto("/accounts/signup/")
    alice.get_by_label("Username").fill("alice")
    alice.locator("[name=password1]").fill(PASSWORD)
    alice.locator("[name=password2]").fill(PASSWORD)
    alice.locator("form.card button").click()
    write(alice, "Hello")
    sees(alice, "Hello")
    write(alice, "")
    expect(alice.locator("#compose textarea")).to_have_attribute("aria-invalid", "true")
    alice.goto("/")
    open_thread(alice, "Hello")
    write(alice, "Hi, me")
    sees(alice, "Hello", "Hi, me")
    alice.get_by_role("link", name="edit").click()
    alice.wait_for_url("**/edit/")  # the thread's page has a form, too
    alice.locator("textarea").fill("Hello, world")
    alice.locator("form.card button").click()
    sees(alice, "Hello, world", "Hi, me")
    alice.get_by_role("link", name="delete").click()
    alice.wait_for_url("**/delete/")
    alice.locator("form.card button").click()
    expect(alice.locator("#feed > article")).to_have_count(1)
    alice.get_by_role("button", name="Log out").click()
    expect(alice.locator("#compose")).to_have_count(0)


def test_alice_logs_out_and_in_again(visit: Visitor) -> None:
    alice = sign_up(visit(), "alice")
    alice.get_by_role("button", name="Log out").click()
    expect(wait_live(alice).locator("#compose")).to_have_count(0)
    alice.goto("/accounts/login/")
    alice.get_by_label("Username").fill("alice")
    alice.locator("[name=password]").fill("wrong")
    alice.locator("form.card button").click()
    expect(alice.locator("form.card")).to_contain_text("correct username and password")
    alice.locator("[name=password]").fill(PASSWORD)
    alice.locator("form.card button").click()
    expect(wait_live(alice).locator("#compose")).to_be_visible()


def test_the_api_is_described_under_the_strict_policy_with_nothing_from_elsewhere(
    visit: Visitor, server: Server
) -> None:
    page, loaded = visit(), list[str]()
    page.on("request", lambda request: loaded.append(request.url))
    answer = page.goto("/api/docs")
    assert answer
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    expect(page.get_by_role("heading", name="POST /api/events/", exact=True)).to_be_visible()
    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()
    assert any(url.endswith(".css") for url in loaded)
    assert [url for url in loaded if not url.startswith(server.url("/"))] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_window(visit: Visitor, width: int) -> None:
    alice = visit("alice", viewport={"width": width, "height": 800})
    write(alice, "x" * 300 + " https://example.com/" + "y" * 300)
    expect(alice.locator("#feed > article")).to_have_count(2)
    post = alice.locator("#feed > article a.when").first.get_attribute("href") or ""
    for path in ("/", "/people/alice/", "/profile/", post):
        alice.goto(path)
        assert alice.evaluate("document.documentElement.scrollWidth") <= width


def test_alice_keeps_her_text_when_she_exceeds_the_rate_limit(new_visitor: Visitor) -> None:
    with Server(FEED_POST_LIMIT="1/hour") as server:
        alice = sign_up(new_visitor(base_url=server.url("")), "alice")
        write(alice, "Hello")
        sees(alice, "Hello")
        write(alice, "long thought out")
        expect(alice.locator("#compose")).to_contain_text("Try again in 60 minutes.")
        expect(alice.locator("#compose textarea")).to_have_value("long thought out")
        expect(alice.locator("#compose textarea")).to_be_focused()
        delete(alice, "Hello")
        expect(alice.locator("#notice")).to_contain_text("Try again in 60 minutes.")
        expect(alice.locator("#feed > article", has_text="Hello")).to_be_visible()
        server.assert_quiet()
