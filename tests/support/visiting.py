"""What users do and see in a browser."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

Visitor = Callable[..., Page]
PASSWORD = "correct horse battery"

expect.set_options(timeout=60_000)
"""Milliseconds. A page may wait before it retries, and the machine may be busy."""


def sign_up(page: Page, name: str) -> Page:
    page.goto("/accounts/signup/")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    page.locator("main button, form.card button").last.click()
    page.wait_for_url("**/")
    return wait_live(page)


def wait_live(page: Page) -> Page:
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def open_thread(page: Page, text: str) -> Page:
    """Open the event with this text, and wait for its page. The feed looks similar, and has a compose form, too."""
    page.locator("#feed > article", has_text=text).locator("a.when").click()
    page.wait_for_url("**/events/*/")
    return page


def write(page: Page, text: str) -> None:
    page.locator("#compose textarea").fill(text)
    page.locator("#send").click()


def sees(page: Page, *texts: str) -> None:
    """Wait until the rows with a text are these, from the top down, and none of them is still being sent."""
    expect(page.locator("#feed > .sending")).to_have_count(0)
    expect(page.locator("#feed > article .text")).to_have_text(list(texts))


def delete(page: Page, text: str) -> None:
    """Delete the row with this text, and let the time for an undo pass."""
    page.clock.install()
    page.locator("#feed > article", has_text=text).get_by_text("Delete").click()
    expect(page.locator("#undo")).to_be_visible()
    page.mouse.move(0, 0)  # the time stops while the pointer is on the button
    page.clock.fast_forward("00:08")
