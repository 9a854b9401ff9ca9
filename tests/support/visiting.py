"""What a person does on the pages, and sees there."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

Visitor = Callable[..., Page]
PASSWORD = "correct horse battery"

expect.set_options(timeout=60_000)
"""Milliseconds until a test fails: a page may wait before it tries again, and the machine may be busy."""


def sign_up(page: Page, name: str) -> Page:
    page.goto("/accounts/signup/")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    page.locator("main button, form.card button").last.click()
    page.wait_for_url("**/")
    return live(page)


def live(page: Page) -> Page:
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def open_thread(page: Page, text: str) -> Page:
    """Waits until it is there: the page before it looks much the same, and has a form to write in, too."""
    page.locator("#feed > article", has_text=text).locator("a.when").click()
    page.wait_for_url("**/events/*/")
    return page


def write(page: Page, text: str) -> None:
    page.locator("#compose textarea").fill(text)
    page.locator("#compose button").click()


def sees(page: Page, *texts: str) -> None:
    """The rows that have a text, from the top down: these and no others."""
    expect(page.locator("#feed > article .text")).to_have_text(list(texts))
