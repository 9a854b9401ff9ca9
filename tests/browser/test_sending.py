"""A text is a row of the feed at once, on a page that is live and on one that isn't."""

from playwright.sync_api import Page, Route, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, open_thread, sees, wait_live, write


def texts(server: Server) -> list[str]:
    return server.shell("print(*StatusChange.objects.values_list('text', flat=True), sep='|')").strip().split("|")


def hold(page: Page, path: str) -> list[Route]:
    held: list[Route] = []
    page.route(path, lambda route: held.append(route))  # noqa: PLW0108 (Playwright sets an attribute on it)
    return held


def wait_for(page: Page, held: list[Route], number: int) -> None:
    while len(held) < number:
        page.wait_for_timeout(10)  # lets Playwright deliver the route


def without_socket(visit: Visitor) -> Page:
    """A page of alice that never becomes live."""
    alice = visit("alice")
    alice.route_web_socket("**/ws/**", lambda socket: None)
    alice.goto("/")
    expect(alice.locator("#compose")).to_be_visible()
    return alice


def test_alices_text_is_a_row_at_once_and_she_can_write_the_next(visit: Visitor, server: Server) -> None:
    alice = visit("alice")
    held = hold(alice, "**/events/")
    write(alice, "First")
    wait_for(alice, held, 1)
    row = alice.locator("#feed > .sending")
    expect(alice.locator("#feed > article").first.locator(".text")).to_have_text("First")
    expect(row).to_have_attribute("aria-busy", "true")
    expect(row.locator(".name")).to_have_text("alice")
    expect(row).to_contain_text("Sending…")
    expect(alice.locator("#compose textarea")).to_have_value("")
    expect(alice.locator("#compose textarea")).to_be_focused()
    alice.keyboard.type("Second")
    alice.keyboard.press("Control+Enter")
    expect(alice.locator("#feed > .sending .text")).to_have_text(["Second", "First"])
    assert len(held) == 1  # the second waits for the first
    held[0].continue_()
    wait_for(alice, held, 2)
    held[1].continue_()
    sees(alice, "Second", "First")
    assert texts(server) == ["First", "Second"]


def test_a_page_that_is_not_live_shows_the_row_with_the_response(visit: Visitor, server: Server) -> None:
    alice = without_socket(visit)
    write(alice, "Hello")
    sees(alice, "Hello")
    row = alice.locator("#feed > article", has_text="Hello")
    expect(row).to_have_count(1)
    expect(row.locator("menu.own")).to_be_visible()
    open_thread(alice, "Hello")
    write(alice, "Hi, me")
    sees(alice, "Hello", "Hi, me")


def test_the_row_is_not_doubled_when_the_socket_brings_it_after_the_response(visit: Visitor, server: Server) -> None:
    alice = visit("alice")
    server.kill()
    expect(alice.locator("#connection")).to_have_attribute("data-state", "reconnecting")
    write(alice, "Hello")
    expect(alice.locator("#feed > .sending")).to_contain_text("Not confirmed yet. Trying again…")
    server.start()
    wait_live(alice)
    write(alice, "Second")
    sees(alice, "Second", "Hello")


def test_the_row_of_a_lost_response_is_shown_once_while_it_is_tried_again(visit: Visitor) -> None:
    alice = visit("alice")

    def lose_response(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    alice.route("**/events/", lose_response, times=3)
    write(alice, "Hello")
    expect(alice.locator("#feed > article:not(.sending) .text")).to_have_text("Hello")
    expect(alice.locator("#feed > .sending")).not_to_be_visible()
    sees(alice, "Hello")


def test_a_text_that_is_refused_while_alice_writes_the_next_waits_in_its_row(visit: Visitor) -> None:
    alice = visit("alice")
    held = hold(alice, "**/events/")
    write(alice, "First")
    wait_for(alice, held, 1)
    alice.locator("#compose textarea").fill("half a sente")
    held[0].fulfill(status=404)
    row = alice.locator("#feed > .failed")
    expect(row).to_contain_text("Not posted. It no longer exists.")
    expect(alice.locator("#compose textarea")).to_have_value("half a sente")
    row.get_by_role("button", name="Take it back").click()
    expect(alice.locator("#compose textarea")).to_have_value("First\n\nhalf a sente")
    expect(row).to_have_count(0)


def test_a_text_on_its_way_is_sent_by_the_next_page(visit: Visitor, server: Server) -> None:
    alice = visit("alice")
    held = hold(alice, "**/events/")
    write(alice, "Hello")
    wait_for(alice, held, 1)
    alice.unroute_all(behavior="ignoreErrors")
    alice.goto("/people/alice/")
    sees(wait_live(alice), "Hello")
    assert texts(server) == ["Hello"]


def test_the_box_grows_counts_and_tells_the_key_that_posts(visit: Visitor) -> None:
    alice = visit("alice")
    box, ring = alice.locator("#compose textarea"), alice.locator("#compose .count")
    closed = box.bounding_box()
    box.focus()
    opened = box.bounding_box()
    assert closed
    assert opened
    assert closed["height"] < opened["height"]
    expect(alice.locator("#compose .hint")).to_have_text("Ctrl+Enter to post")
    box.fill("x" * 1000)
    assert ring.evaluate("ring => ring.style.getPropertyValue('--used')") == "0.500"
    box.fill("x\n" * 12)
    grown = box.bounding_box()
    assert grown
    assert grown["height"] > opened["height"]
    expect(alice.locator("#compose .left")).to_be_empty()
    box.fill("x" * 1990)
    expect(ring).to_have_text("10")
    expect(alice.locator("#compose .left")).to_have_text("At most 50 characters are left.")
    box.fill("x" * 2001)
    expect(alice.locator("#compose .left")).to_have_text("The text is too long.")


def test_after_an_answer_the_form_is_for_the_thread_again(visit: Visitor, server: Server) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    wait_live(open_thread(alice, "Hello"))
    write(alice, "First")
    sees(alice, "Hello", "First")
    alice.goto(f"{alice.url}?reply={server.shell('print(Comment.objects.get().pk)').strip()}")
    expect(wait_live(alice).locator("#compose .replying")).to_contain_text("Replying to alice")
    write(alice, "An answer")
    expect(alice.locator("#compose .replying")).to_have_count(0)
    write(alice, "Second")
    sees(alice, "Hello", "First", "An answer", "Second")
    answers = "print(*Comment.objects.exclude(reply_to=None).values_list('text', flat=True))"
    assert server.shell(answers).strip() == "An answer"
