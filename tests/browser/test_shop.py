"""The feed in a real browser, on the pages of another site: with its styles, without our middleware or `profiles`."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, delete, sees, wait_live, write

ALICE = 'User.objects.create_user("alice", password="password")'
COLOUR = "element => [getComputedStyle(element).backgroundColor, getComputedStyle(element).color]"


@pytest.fixture(scope="module")
def one_server() -> Iterator[Server]:
    shop = "tests.adopters.foreign"
    with Server(
        application=f"{shop}.asgi:application", health="/", DJANGO_SETTINGS_MODULE=f"{shop}.settings"
    ) as server:
        yield server
        assert [line for line in server.log().splitlines() if "favicon" not in line] == []


def log_in(page: Page) -> Page:
    page.goto("/activity/")
    page.get_by_text("log in").click()
    page.locator("[name=username]").fill("alice")
    page.locator("[name=password]").fill("password")
    page.locator("form button").click()
    page.wait_for_url("**/activity/")
    return wait_live(page)


def test_alice_posts_edits_and_deletes_on_the_pages_of_a_shop(visit: Visitor, server: Server) -> None:
    server.shell(ALICE)
    alice, bob = log_in(visit()), visit()
    bob.goto("/activity/")
    wait_live(bob)
    write(alice, "Hello")
    sees(bob, "Hello")
    row = alice.locator("#feed > article", has_text="Hello")
    row.get_by_text("Edit", exact=True).click()
    alice.locator("#editor textarea").fill("Good morning")
    alice.locator("#editor").get_by_role("button", name="Save").click()
    sees(bob, "Good morning")
    expect(bob.locator("#feed menu.own:visible")).to_have_count(0)
    delete(alice, "Good morning")
    sees(bob)
    sees(alice)


def test_the_styles_of_the_shop_and_the_feed_stay_apart(visit: Visitor, server: Server) -> None:
    server.shell(f'StatusChange.objects.create(user={ALICE}, text="Hello")')
    page = visit()
    page.goto("/activity/")
    wait_live(page)
    assert page.locator("#basket").evaluate(COLOUR) == ["rgb(0, 128, 0)", "rgb(255, 255, 255)"]
    assert page.locator("#shop").evaluate(COLOUR)[1] == "rgb(181, 101, 29)"
    assert page.locator("#feed > article").evaluate(COLOUR)[0] == "rgba(0, 0, 0, 0)"
    assert page.locator("#feed .text").evaluate(COLOUR)[1] == "rgb(34, 34, 34)"
    assert page.locator("body").evaluate("body => getComputedStyle(body).margin") == "32px"
