"""The line that says what happened while somebody was away, and where they had stopped."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, sees, wait_live, write

AGES = "for (const key of Object.keys(localStorage)) {" + (
    "const seen = JSON.parse(localStorage[key]);"
    "localStorage[key] = JSON.stringify({ ...seen, at: seen.at - 11 * 60_000 }); }"
)
"""As if all that had been eleven minutes earlier."""


def leave(page: Page) -> None:
    """Go to another page, and stay there for eleven minutes."""
    page.goto("/search/")
    page.evaluate(AGES)


def miss_one(alice: Page, bob: Page) -> None:
    """Let bob see a post, leave, and miss the next one."""
    write(alice, "Seen")
    sees(bob, "Seen")
    leave(bob)
    write(alice, "New")
    sees(alice, "New", "Seen")


def post(server: Server, *texts: str) -> None:
    for text in texts:
        server.shell(f"StatusChange.objects.create(user=User.objects.get(username='alice'), text={text!r})")


@pytest.mark.parametrize("is_anonymous", [True, False])
def test_bob_is_told_what_happened_and_where_he_stopped(visit: Visitor, is_anonymous: bool) -> None:
    alice = visit("alice")
    bob = wait_live(visit()) if is_anonymous else visit("bob")
    write(alice, "Seen")
    sees(bob, "Seen")
    leave(bob)
    for text in ("One", "Two"):
        write(alice, text)
    sees(alice, "Two", "One", "Seen")
    bob.goto("/")
    expect(bob.locator("#away [role=status]")).to_have_text("While you were away: 2 posts")
    stopped = bob.locator("#feed > article[data-stopped]")
    expect(stopped).to_have_count(1)
    expect(stopped).to_contain_text("Seen")
    wait_live(bob)
    write(alice, "Three")
    sees(bob, "Three", "Two", "One", "Seen")
    expect(stopped).to_contain_text("Seen")
    bob.get_by_role("link", name="Where you stopped").click()
    expect(stopped).to_be_focused()
    bob.get_by_role("button", name="Dismiss").click()
    expect(bob.locator("#away")).to_be_hidden()
    expect(stopped).to_have_count(0)


def test_the_mark_survives_an_edit(visit: Visitor, server: Server) -> None:
    alice, bob = visit("alice"), wait_live(visit())
    miss_one(alice, bob)
    bob.goto("/")
    wait_live(bob)
    expect(bob.locator("article[data-stopped]")).to_contain_text("Seen")
    server.shell("StatusChange.objects.filter(text='Seen').update(text='Edited')")
    sees(bob, "New", "Edited")
    expect(bob.locator("article[data-stopped]")).to_contain_text("Edited")


def test_a_short_absence_and_a_quiet_one_are_not_mentioned(visit: Visitor, server: Server) -> None:
    alice, bob = visit("alice"), wait_live(visit())
    write(alice, "Seen")
    sees(bob, "Seen")
    bob.goto("/search/")
    write(alice, "New")
    sees(alice, "New", "Seen")
    bob.goto("/")
    sees(bob, "New", "Seen")
    wait_live(bob)
    leave(bob)
    with bob.expect_response("**/away/?*") as answer:
        bob.goto("/")
    assert answer.value.status == 204
    expect(bob.locator("#away")).to_be_hidden()
    expect(bob.locator("article[data-stopped]")).to_have_count(0)


def test_another_log_is_not_mentioned(visit: Visitor, server: Server) -> None:
    alice, bob = visit("alice"), wait_live(visit())
    miss_one(alice, bob)
    bob.evaluate(AGES.replace("...seen,", "...seen, log: 'other',"))
    bob.goto("/")
    wait_live(bob)
    sees(bob, "New", "Seen")
    expect(bob.locator("article[data-stopped]")).to_have_count(0)


def test_each_user_of_a_browser_has_a_place_of_their_own(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    miss_one(alice, bob)
    bob.context.clear_cookies()
    bob.goto("/")
    wait_live(bob)
    sees(bob, "New", "Seen")
    expect(bob.locator("article[data-stopped]")).to_have_count(0)


def test_a_tab_that_was_hidden_tells_it_when_it_is_seen_again(visit: Visitor) -> None:
    """Its rows have arrived meanwhile."""
    alice, bob = visit("alice"), wait_live(visit())
    write(alice, "Seen")
    sees(bob, "Seen")
    see(bob, "hidden")
    bob.evaluate(AGES)
    write(alice, "New")
    sees(bob, "New", "Seen")
    see(bob, "visible")
    expect(bob.locator("#away [role=status]")).to_have_text("While you were away: 1 post")
    expect(bob.locator("article[data-stopped]")).to_contain_text("Seen")


def see(page: Page, state: str) -> None:
    """Headless pages are never hidden."""
    page.evaluate(
        """state => {
            Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )
