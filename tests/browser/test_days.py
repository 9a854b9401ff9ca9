"""Days and times, in the zone of the reader, and texts, in a real browser."""

import re
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, open_thread, sees, wait_live, write

POSTED = """
import datetime
alice, _ = User.objects.get_or_create(username="alice")
alice.feed_events.all().delete()
for text, at in {times!r}.items():
    status = StatusChange.objects.create(user=alice, text=text)
    Event.rows.filter(pk=status.pk).update(created_at=datetime.datetime.fromisoformat(at), edited_at=None)
"""
TIMES = {
    "last year": "2025-12-30T12:00:00+00:00",
    "long ago": "2026-03-02T12:00:00+00:00",
    "late": "2026-03-09T13:30:00+00:00",
    "later": "2026-03-09T22:30:00+00:00",
}
NOW = datetime.fromisoformat("2026-03-10T02:00:00+00:00")


def visit_at(visit: Visitor, zone: str) -> Page:
    """The front page at NOW, in this time zone."""
    page = visit(timezone_id=zone)
    page.clock.install(time=NOW)
    page.goto("/")
    return page


def days(page: Page) -> list[str | None]:
    return [row.get_attribute("data-day") for row in page.locator("#feed > article").all()]


def days_become(page: Page, *expected: str | None) -> None:
    """Wait until the rows, from the top down, say these days."""
    rows = "[...document.querySelectorAll('#feed > article')].map((row) => row.dataset.day ?? null)"
    page.wait_for_function(f"(days) => JSON.stringify({rows}) === JSON.stringify(days)", arg=list(expected))


def test_rows_of_different_days_are_parted_in_the_readers_zone(visit: Visitor, server: Server) -> None:
    server.shell(POSTED.format(times=TIMES))
    london, tokyo = visit_at(visit, "Europe/London"), visit_at(visit, "Asia/Tokyo")
    assert days(london) == ["Yesterday", None, "Monday, 2 March", "Tuesday, 30 December 2025"]
    assert days(tokyo) == ["Today", "Yesterday", "Monday, 2 March", "Tuesday, 30 December 2025"]


def test_days_follow_what_arrives_changes_and_leaves(visit: Visitor, server: Server) -> None:
    server.shell(POSTED.format(times=TIMES))
    bob = wait_live(visit())
    top = bob.locator("#feed > article").first
    expect(top).to_have_attribute("data-day", "Monday, 9 March")
    server.shell("StatusChange.objects.create(user=User.objects.get(username='alice'), text='new')")
    expect(top).to_contain_text("new")
    expect(top).to_have_attribute("data-day", "Today")
    assert days(bob)[1:3] == ["Monday, 9 March", None]
    server.shell("status = StatusChange.objects.get(text='later'); status.text = 'changed'; status.save()")
    expect(bob.locator("#feed > article").nth(1)).to_contain_text("changed")
    assert days(bob)[1:3] == ["Monday, 9 March", None]
    server.shell("StatusChange.objects.get(text='changed').delete()")
    expect(bob.locator("#feed > article")).to_have_count(4)
    days_become(bob, "Today", "Monday, 9 March", "Monday, 2 March", "Tuesday, 30 December 2025")


def test_at_midnight_today_becomes_yesterday(visit: Visitor, server: Server) -> None:
    server.shell(POSTED.format(times=TIMES))
    tokyo = visit_at(visit, "Asia/Tokyo")
    assert days(tokyo)[:2] == ["Today", "Yesterday"]
    tokyo.clock.fast_forward("13:00:05")
    days_become(tokyo, "Yesterday", "Monday, 9 March", "Monday, 2 March", "Tuesday, 30 December 2025")


def test_a_thread_is_not_parted(visit: Visitor, server: Server) -> None:
    server.shell(POSTED.format(times=TIMES))
    bob = open_thread(wait_live(visit()), "long ago")
    wait_live(bob)
    assert days(bob) == [None]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_time_is_short_and_its_title_is_full(visit: Visitor, server: Server, scripts: bool) -> None:
    server.shell(POSTED.format(times={"old": "2026-03-02T12:00:00+00:00"}))
    page = visit(timezone_id="Asia/Tokyo", java_script_enabled=scripts)
    when = page.locator("#feed > article .when")
    if scripts:
        expect(page.get_by_role("link", name="2 Mar", exact=True)).to_be_visible()
        when.hover()
        expect(when).to_have_attribute("title", "Monday, 2 March 2026 at 21:00")
    else:
        expect(when).to_have_text("2 Mar 2026, 12:00 UTC")
        expect(when).to_have_attribute("title", "2 Mar 2026, 12:00 UTC")


def test_a_new_time_is_relative_and_an_edit_has_its_time(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    row = alice.locator("#feed > article", has_text="Hello")
    expect(row.get_by_role("link", name=re.compile("^now|ago$"))).to_be_visible()
    row.get_by_role("link", name="Edit").click()
    alice.locator("#editor textarea").fill("Hello, world")
    alice.locator("#editor .button").click()
    sees(alice, "Hello, world")
    row.locator(".edited").hover()
    expect(row.locator(".edited")).to_have_attribute("title", re.compile(r"day, \d+ \w+ \d{4} at \d"))


LONG = "\n".join(f"line {number}" for number in range(40))


@pytest.mark.parametrize("scripts", [True, False])
def test_a_long_text_folds_and_unfolds(visit: Visitor, server: Server, scripts: bool) -> None:
    server.shell(POSTED.format(times={LONG: "2026-03-02T12:00:00+00:00"}))
    page = visit(java_script_enabled=scripts)
    text = page.locator("#feed > article .text")

    def height() -> float:
        box = text.bounding_box()
        assert box
        return box["height"]

    folded = height()
    page.get_by_text("Show more").click()
    expect(page.get_by_text("Show less")).to_be_visible()
    assert height() > 5 * folded
    page.locator("#feed > article .when").click()
    page.wait_for_url("**/events/*/")
    expect(page.get_by_text("Show more")).to_be_hidden()
    assert height() > 5 * folded


def test_an_unfolded_text_stays_unfolded_when_it_is_edited(visit: Visitor, server: Server) -> None:
    server.shell(POSTED.format(times={LONG: "2026-03-02T12:00:00+00:00"}))
    bob = wait_live(visit())
    bob.get_by_text("Show more").click()
    server.shell("status = StatusChange.objects.get(); status.text = 'new ' + status.text; status.save()")
    expect(bob.locator("#feed .text")).to_contain_text("new line 0")
    expect(bob.get_by_text("Show less")).to_be_visible()


def test_a_mention_leads_to_the_person(visit: Visitor, server: Server) -> None:
    server.shell(POSTED.format(times={"I, @alice, said so": "2026-03-02T12:00:00+00:00"}))
    page = visit()
    page.get_by_role("link", name="@alice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("alice")


def test_the_command_for_a_terminal_is_copied(visit: Visitor) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("Subscribe from a terminal").click()
    page.locator("[data-copy=terminal-socket]").click()
    expect(page.locator("#status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("wscat -c 'ws://")


def test_the_day_is_said_by_the_next_row_while_the_first_one_is_being_deleted(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "first")
    sees(alice, "first")
    write(alice, "second")
    sees(alice, "second", "first")
    second, first = (alice.locator("#feed > article", has_text=text) for text in ("second", "first"))
    expect(second).to_have_attribute("data-day", "Today")
    second.hover()
    second.get_by_role("link", name="Delete").click()
    expect(second).to_be_hidden()
    expect(first).to_have_attribute("data-day", "Today")
    alice.locator("#undo button").click()
    expect(second).to_have_attribute("data-day", "Today")
    expect(first).not_to_have_attribute("data-day", re.compile("."))
