"""Forms in a real browser whose response is lost, and forms of a tab whose user has changed."""

import re

from playwright.sync_api import Page, Route, expect

from tests.support.servers import Server
from tests.support.visiting import PASSWORD, Visitor, open_thread, sees, sign_up, wait_live, write


def lose_response(route: Route) -> None:
    """Let the server handle the request, and drop its response."""
    route.fetch()
    route.abort("connectionreset")


def expect_retrying(page: Page, form: str = "#compose") -> None:
    expect(page.locator(f"{form} .trying")).to_have_text("Not confirmed yet. Trying again…")


def wait_failed(page: Page, attempts: list[Route], number: int) -> None:
    """Wait until the page knows that this many attempts have failed."""
    while len(attempts) < number:
        page.wait_for_timeout(10)  # lets Playwright deliver the route
    expect(page.locator("#compose")).not_to_have_class(re.compile("htmx-request"))


def texts_in_the_database(server: Server) -> list[str]:
    return server.shell("print(*StatusChange.objects.values_list('text', flat=True), sep='|')").strip().split("|")


def test_a_post_with_a_lost_response_is_saved_once_and_clears_the_form(visit: Visitor, server: Server) -> None:
    alice = sign_up(visit(), "alice")
    alice.route("**/events/", lose_response, times=2)
    write(alice, "Hello")
    expect_retrying(alice)
    expect(alice.locator("#compose textarea")).to_have_value("Hello")
    expect(alice.locator("#compose textarea")).to_have_js_property("readOnly", True)
    expect(alice.locator("#compose textarea")).to_have_value("")
    expect(alice.locator("#compose textarea")).to_be_editable()
    expect(alice.locator("#compose .trying")).to_be_empty()
    write(alice, "Second")
    sees(alice, "Second", "Hello")
    assert texts_in_the_database(server) == ["Hello", "Second"]


def test_a_502_from_a_proxy_counts_as_a_lost_response(visit: Visitor, server: Server) -> None:
    alice = sign_up(visit(), "alice")
    alice.route("**/events/", lambda route: route.fetch() and route.fulfill(status=502), times=1)
    write(alice, "Hello")
    expect_retrying(alice)
    expect(alice.locator("#compose textarea")).to_have_value("")
    assert texts_in_the_database(server) == ["Hello"]


def test_a_comment_an_edit_and_a_deletion_with_lost_responses_are_retried(visit: Visitor, server: Server) -> None:
    alice = sign_up(visit(), "alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    wait_live(open_thread(alice, "Hello"))
    alice.route("**/comments/", lose_response, times=1)
    write(alice, "Hi, me")
    expect_retrying(alice)
    sees(alice, "Hello", "Hi, me")
    expect(alice.locator("#compose textarea")).to_have_value("")

    comment = alice.locator("#feed > article", has_text="Hi, me")
    comment.get_by_text("Edit").click()
    alice.route("**/edit/", lose_response, times=1)
    alice.locator("#editor textarea").fill("Hi, myself")
    alice.locator("#editor button").click()
    expect_retrying(alice, "#editor")
    expect(alice.locator("#editor")).not_to_be_visible()
    sees(alice, "Hello", "Hi, myself")

    alice.locator("#feed > article", has_text="Hi, myself").get_by_text("Delete").click()
    alice.route("**/delete/", lose_response, times=1)
    alice.locator("#editor button").click()
    expect_retrying(alice, "#editor")
    expect(alice.locator("#editor")).not_to_be_visible()
    sees(alice, "Hello")
    expect(alice.locator("#notice")).not_to_be_visible()


def test_a_post_in_flight_when_the_server_is_killed_is_saved_once(visit: Visitor, server: Server) -> None:
    alice = sign_up(visit(), "alice")
    server.freeze()
    write(alice, "Hello")
    server.kill()
    expect_retrying(alice)
    server.start()
    sees(alice, "Hello")
    expect(alice.locator("#compose textarea")).to_have_value("")
    assert texts_in_the_database(server) == ["Hello"]


def test_the_page_keeps_the_text_and_says_so_when_all_retries_fail(visit: Visitor, server: Server) -> None:
    alice = visit()
    alice.clock.install()
    sign_up(alice, "alice")
    attempts: list[Route] = []

    def fail(route: Route) -> None:
        attempts.append(route)
        route.abort("connectionreset")

    alice.route("**/events/", fail)
    write(alice, "Hello")
    for number in range(1, 8):
        wait_failed(alice, attempts, number)
        expect_retrying(alice)
        alice.clock.fast_forward("00:15")
    wait_failed(alice, attempts, 8)
    expect(alice.locator("#notice")).to_have_text("The server did not answer. Try again in a moment.")
    expect(alice.locator("#compose .trying")).to_be_empty()
    expect(alice.locator("#compose textarea")).to_have_value("Hello")
    expect(alice.locator("#compose textarea")).to_be_editable()
    alice.unroute("**/events/")
    alice.locator("#compose button").click()
    sees(alice, "Hello")
    assert texts_in_the_database(server) == ["Hello"]


def test_the_page_retries_when_a_request_times_out(visit: Visitor, server: Server) -> None:
    alice = visit()
    alice.clock.install()
    sign_up(alice, "alice")
    held: list[Route] = []
    alice.route("**/events/", lambda route: held.append(route), times=1)  # noqa: PLW0108 (Playwright sets an attribute on it)
    write(alice, "Hello")
    while not held:
        alice.wait_for_timeout(10)  # lets Playwright deliver the route
    alice.clock.fast_forward("00:15")
    expect_retrying(alice)
    alice.clock.fast_forward("00:15")
    sees(alice, "Hello")
    expect(alice.locator("#compose textarea")).to_have_value("")


def test_a_form_restored_by_the_back_button_gets_a_new_idempotency_key(visit: Visitor) -> None:
    alice = sign_up(visit(), "alice")
    write(alice, "First")
    sees(alice, "First")
    expect(alice.locator("#compose textarea")).to_have_value("")
    wait_live(open_thread(alice, "First"))
    alice.go_back()
    wait_live(alice)
    write(alice, "Second")
    sees(alice, "Second", "First")
    expect(alice.locator("#compose textarea")).to_have_value("")


def test_alices_text_is_not_posted_as_bob_after_he_logs_in_in_another_tab(visit: Visitor, server: Server) -> None:
    server.shell(f"User.objects.create_user('bob', password={PASSWORD!r})")
    alice = sign_up(visit(), "alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    alice.locator("#feed > article", has_text="Hello").get_by_text("Edit").click()
    alice.locator("#editor textarea").fill("Hello, world")
    tab = alice.context.new_page()
    tab.goto("/")
    tab.get_by_role("button", name="Log out").click()
    tab.get_by_role("link", name="Log in").first.click()
    tab.locator("[name=username]").fill("bob")
    tab.locator("[name=password]").fill(PASSWORD)
    tab.locator("form.card button").click()
    expect(wait_live(tab).locator("#compose")).to_be_visible()

    alice.locator("#editor button").click()
    expect(alice.locator("#editor")).to_contain_text("You are logged in as bob now.")
    expect(alice.locator("#editor textarea")).to_have_value("Hello, world")
    alice.locator("#editor [data-close]").click()
    expect(alice.locator("#identity")).to_contain_text("You are logged in as bob now.")
    assert texts_in_the_database(server) == ["Hello"]
    write(alice, "I am bob")
    sees(tab, "I am bob", "Hello")
    expect(tab.locator("#feed > article", has_text="I am bob").locator(".name")).to_have_text("bob")
