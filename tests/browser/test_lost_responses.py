"""Forms in a real browser whose response is lost, and forms of a tab whose user has changed."""

from playwright.sync_api import Page, Route, expect

from tests.support.servers import Server
from tests.support.visiting import PASSWORD, Visitor, delete, open_thread, sees, sign_up, wait_live, write


def lose_response(route: Route) -> None:
    """Let the server handle the request, and drop its response."""
    route.fetch()
    route.abort("connectionreset")


RETRYING = "Not confirmed yet. Trying again…"


def expect_retrying(page: Page) -> None:
    """Whether or not the row is shown: the real row may have come by the socket."""
    expect(page.locator("#feed > .sending [role=status]")).to_have_text(RETRYING)


def expect_sent(page: Page) -> None:
    expect(page.locator("#feed > .sending")).to_have_count(0)


def texts_in_the_database(server: Server) -> list[str]:
    return server.shell("print(*StatusChange.objects.values_list('text', flat=True), sep='|')").strip().split("|")


def test_a_post_with_a_lost_response_is_saved_once_and_the_form_is_free_at_once(visit: Visitor, server: Server) -> None:
    alice = visit("alice")
    alice.route("**/events/", lose_response, times=2)
    write(alice, "Hello")
    expect(alice.locator("#compose textarea")).to_have_value("")
    expect(alice.locator("#compose textarea")).to_be_editable()
    expect_retrying(alice)
    write(alice, "Second")
    expect_sent(alice)
    sees(alice, "Second", "Hello")
    assert texts_in_the_database(server) == ["Hello", "Second"]


def test_a_502_from_a_proxy_counts_as_a_lost_response(visit: Visitor, server: Server) -> None:
    alice = visit("alice")
    alice.route("**/events/", lambda route: route.fetch() and route.fulfill(status=502), times=1)
    write(alice, "Hello")
    expect_retrying(alice)
    expect_sent(alice)
    sees(alice, "Hello")
    assert texts_in_the_database(server) == ["Hello"]


def test_a_comment_an_edit_and_a_deletion_with_lost_responses_are_retried(visit: Visitor, server: Server) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    wait_live(open_thread(alice, "Hello"))
    alice.route("**/comments/", lose_response, times=1)
    write(alice, "Hi, me")
    expect_retrying(alice)
    expect_sent(alice)
    sees(alice, "Hello", "Hi, me")

    comment = alice.locator("#feed > article", has_text="Hi, me")
    comment.get_by_text("Edit").click()
    alice.route("**/edit/", lose_response, times=1)
    alice.locator("#editor textarea").fill("Hi, myself")
    alice.locator("#editor button").click()
    expect(alice.locator("#editor .trying")).to_have_text(RETRYING)
    expect(alice.locator("#editor")).not_to_be_visible()
    sees(alice, "Hello", "Hi, myself")

    requests: list[Route] = []

    def lose_first(route: Route) -> None:
        requests.append(route)
        lose_response(route) if len(requests) == 1 else route.continue_()

    alice.route("**/delete/", lose_first)
    delete(alice, "Hi, myself")
    while len(requests) < 2:
        alice.wait_for_timeout(10)  # lets Playwright deliver the route
    sees(alice, "Hello")
    expect(alice.locator("#notice")).not_to_be_visible()


def test_a_post_in_flight_when_the_server_is_killed_is_saved_once(visit: Visitor, server: Server) -> None:
    alice = visit("alice")
    server.freeze()
    write(alice, "Hello")
    expect(alice.locator("#feed > .sending .text")).to_have_text("Hello")
    server.kill()
    expect_retrying(alice)
    server.start()
    expect_sent(alice)
    sees(alice, "Hello")
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
    failed = alice.locator("#feed > .failed")
    while len(attempts) < 8:
        alice.wait_for_timeout(10)  # lets Playwright deliver the route
        alice.clock.fast_forward("00:15")
    expect(failed).to_contain_text("Not posted. The server did not answer. Try again in a moment.")
    expect(failed.locator(".text")).to_have_text("Hello")
    alice.reload()
    expect(failed.locator(".text")).to_have_text("Hello")  # also after that
    alice.unroute("**/events/")
    failed.get_by_role("button", name="Try again").click()
    expect_sent(alice)
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
    expect_sent(alice)
    sees(alice, "Hello")
    assert texts_in_the_database(server) == ["Hello"]


def test_a_form_restored_by_the_back_button_gets_a_new_idempotency_key(visit: Visitor) -> None:
    alice = visit("alice")
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
    alice = visit("alice")
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
    alice.locator("#editor").get_by_role("button", name="Discard").click()
    expect(alice.locator("#identity")).to_contain_text("You are logged in as bob now.")
    assert texts_in_the_database(server) == ["Hello"]
    write(alice, "I am bob")
    sees(tab, "I am bob", "Hello")
    expect(tab.locator("#feed > article", has_text="I am bob").locator(".name")).to_have_text("bob")
