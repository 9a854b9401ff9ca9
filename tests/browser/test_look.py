"""How the pages look, where that can be measured."""

import re

import pytest
from playwright.sync_api import Page, expect

from feed.templatetags.feed_people import hue
from tests.support.servers import Server
from tests.support.visiting import Visitor, open_thread, sees, wait_live, write

MOVING = {"reduced_motion": "no-preference"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SMALLEST = {"viewport": {"width": 320, "height": 568}}
SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => { for (const each of list.getEntries()) shifts += each.value; })
  .observe({type: "layout-shift", buffered: true});
"""
SIDEWAYS = "Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"
ROOM_AFTER_TEXT = """(element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  return element.getBoundingClientRect().right - range.getBoundingClientRect().right;
}"""
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
COVERED = """row => {
  const lines = [...row.querySelector("header > span").getClientRects()];
  const shown = [...row.querySelectorAll("footer a")].filter((link) => link.checkVisibility());
  const icons = shown.map((link) => link.querySelector("svg") ?? link);
  const covers = ({ left, right, top, bottom }) => lines.some(
    (line) => line.left < right && left < line.right && line.top < bottom && top < line.bottom
  );
  return icons.filter((icon) => covers(icon.getBoundingClientRect())).map((icon) => icon.outerHTML);
}"""
"""The actions of a row that lie over its words."""


def height(page: Page, text: str) -> float:
    box = page.locator("#feed > article", has_text=text).bounding_box()
    assert box
    return box["height"]


@pytest.mark.parametrize("options", [{}, PHONE])
def test_a_post_of_one_line_takes_76_pixels_and_a_welcome_less(visit: Visitor, options: dict[str, object]) -> None:
    alice = visit("alice", **options)
    write(alice, "Hello")
    sees(alice, "Hello")
    assert height(alice, "Hello") == 76
    assert height(alice, "has joined") < 40


@pytest.mark.parametrize("options", [MOVING, PHONE | MOVING])
def test_nothing_moves_while_the_page_loads(visit: Visitor, options: dict[str, object]) -> None:
    alice = visit("alice", **options)
    for number in range(12):
        write(alice, f"Post {number}")
        expect(alice.locator("#compose textarea")).to_have_value("")
    expect(alice.locator("#feed > .sending")).to_have_count(0)
    alice.add_init_script(SHIFTS)
    wait_live(alice).reload()
    wait_live(alice).evaluate("document.fonts.ready")
    alice.evaluate(PAINTED)
    assert alice.evaluate("shifts") < 0.02


@pytest.mark.parametrize("path", ["/", "/accounts/signup/", "/accounts/login/"])
def test_a_page_at_rest_moves_nothing(visit: Visitor, path: str) -> None:
    bob = visit(**MOVING)
    bob.goto(path)
    expect(bob.locator(".water").first).to_be_visible()
    bob.wait_for_function("document.getAnimations().every((each) => each.playState !== 'running')")


def test_the_page_connects_until_the_socket_answers(visit: Visitor) -> None:
    bob = visit(**PHONE)
    bob.route_web_socket("**/ws/feed/**", lambda _: None)  # opens, and stays silent
    bob.reload()
    expect(bob.locator("#connection")).to_contain_text("Connecting…")
    expect(bob.locator("#connection .reconnecting")).to_be_visible()
    expect(bob.get_by_text("Not live.").locator("visible=true")).to_have_count(0)


def test_a_page_without_scripts_says_that_it_is_not_live(visit: Visitor) -> None:
    bob = visit(java_script_enabled=False)
    expect(bob.locator("#connection").get_by_role("link", name="Reload").locator("visible=true")).to_have_count(1)
    expect(bob.locator("#connection .reconnecting")).not_to_be_visible()


def test_the_mark_ripples_in_the_hue_of_who_posts(visit: Visitor) -> None:
    alice, bob = visit("alice"), wait_live(visit(**MOVING))
    bob.evaluate("""new MutationObserver(() => {
        const {classList} = document.querySelector(".mark");
        if (classList.contains("rippling")) document.documentElement.dataset.rippled = classList.value;
    }).observe(document.querySelector(".mark"), {attributeFilter: ["class"]})""")
    write(alice, "Hello")
    expect(bob.locator("html")).to_have_attribute("data-rippled", f"mark rippling hue-{hue('alice')}")
    expect(bob.locator(".mark")).to_have_class("mark")  # it comes to rest


def test_the_line_has_the_hue_of_each_author(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    row = alice.locator("#feed > article:not(.sending)", has_text="Hello")
    expect(row).to_have_class(re.compile(rf"\bhue-{hue('alice')}\b"))
    assert "linear-gradient" in row.evaluate("row => getComputedStyle(row, '::before').backgroundImage")


def test_actions_wait_for_the_pointer_and_are_always_seen_on_touch(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    menu = alice.locator("#feed > article", has_text="Hello").locator("menu.own")
    alice.mouse.move(0, 0)
    expect(menu).to_have_css("opacity", "0")
    menu.locator("a").first.focus()
    expect(menu).to_have_css("opacity", "1")
    phone = visit(**PHONE, storage_state=alice.context.storage_state())
    expect(phone.locator("#feed > article", has_text="Hello").locator("menu.own")).to_have_css("opacity", "1")


def test_on_a_phone_the_account_link_has_a_name_and_leads_to_the_log_out(visit: Visitor) -> None:
    alice = visit("alice", **SMALLEST)
    alice.get_by_role("link", name="alice", exact=True).first.click()
    alice.get_by_role("button", name="Log out").click()
    expect(alice.locator("#you").get_by_role("link", name="Log in")).to_be_visible()


@pytest.mark.parametrize("width", [320, 560, 768])
def test_no_page_scrolls_sideways(visit: Visitor, width: int) -> None:
    alice = visit("a" * 100, viewport={"width": width, "height": 700})
    write(alice, "W" * 1500)
    write(alice, "https://example.com/" + "path-" * 60)
    expect(alice.locator("#feed > .status_change")).to_have_count(2)
    pages = ["/", "/people/" + "a" * 100 + "/", "/accounts/login/", "/accounts/signup/", "/profile/", "/nowhere/"]
    for path in pages:
        alice.goto(path)
        assert alice.evaluate(SIDEWAYS) == 0, path
    visitor = visit(viewport={"width": width, "height": 700})
    assert wait_live(visitor).evaluate(SIDEWAYS) == 0
    alice.goto("/")
    assert open_thread(alice, "WWW").evaluate(SIDEWAYS) == 0


def test_the_composer_is_one_line_until_it_is_used(visit: Visitor) -> None:
    alice = visit("alice")
    box = alice.locator("#compose")
    alice.locator("#title").evaluate("() => document.activeElement.blur()")
    expect(box).to_have_css("height", "44px")
    alice.locator("#compose textarea").focus()
    expect(box.locator(".audience select")).to_be_visible()
    expect(box).to_have_css("height", re.compile(r"^(8|9|1\d)\d(\.\d+)?px$"))


def test_text_from_right_to_left_is_set_that_way(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "مرحبا بالعالم")
    sees(alice, "مرحبا بالعالم")
    assert alice.locator("#feed .text").evaluate(ROOM_AFTER_TEXT) == 0
    write(alice, "Hello")
    sees(alice, "Hello", "مرحبا بالعالم")
    assert alice.locator("#feed .text").first.evaluate(ROOM_AFTER_TEXT) > 100


def test_a_printed_page_has_no_bars_and_no_forms(visit: Visitor, server: Server) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    alice.emulate_media(media="print")
    for selector in (".bar", "#compose", "menu.own", "#older"):
        expect(alice.locator(selector).first).not_to_be_visible()
    expect(alice.locator("#feed .text").first).to_be_visible()


@pytest.mark.parametrize("size", [SMALLEST, PHONE])
def test_under_a_finger_no_action_covers_the_words_of_a_quiet_row(
    visit: Visitor, server: Server, size: dict[str, object]
) -> None:
    server.shell("for number in range(13): User.objects.create_user(f'somebody{number}')")
    page = wait_live(visit(**{**PHONE, **size}))
    row = page.locator("#feed > .welcome").first
    expect(row).to_contain_text("11 others joined")
    expect(row.locator(".more-link")).to_be_visible()
    assert row.evaluate(COVERED) == []
    row.locator(".when").click()
    page.wait_for_url("**/events/*/")
    assert wait_live(page).locator("#feed > .welcome").first.evaluate(COVERED) == []
