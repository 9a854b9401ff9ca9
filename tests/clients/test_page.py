"""The page of another site in clients/examples, in a real browser: rill.js with tickets."""

import socket
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import browser, new_visitor  # noqa: F401 (fixtures)
from tests.support.databases import ROOT
from tests.support.printing import Printing
from tests.support.processes import free_port, wait_until
from tests.support.servers import HOST, Server
from tests.support.tokens import issue_on
from tests.support.visiting import Visitor
from tests.support.watching import post_from_another_process

SERVER = ROOT / "clients" / "examples" / "other_site" / "server.py"


@pytest.fixture
def page_url(server: Server) -> Iterator[str]:
    port = free_port()
    with Printing([sys.executable, SERVER, server.url(), str(port)], RILL_TOKEN=issue_on(server, "shop")):
        wait_until(lambda: answers(port), "the other site")
        yield f"http://{HOST}:{port}/"


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def test_a_page_of_another_site_is_live_and_survives_a_restart(
    server: Server,
    page_url: str,
    new_visitor: Visitor,  # noqa: F811
) -> None:
    post_from_another_process(server, "before <b>")
    page = new_visitor()
    page.goto(page_url)
    rows, state = page.locator("#news li"), page.locator("#state")
    expect(rows.first).to_have_text("alice: before <b>")
    expect(state).to_have_text("Live.")
    post_from_another_process(server, "live")
    expect(rows.first).to_have_text("alice: live")
    server.kill()
    expect(state).to_contain_text("Not live.")
    post_from_another_process(server, "while it was down")
    server.shell("StatusChange.objects.get(text='live').delete()")
    server.start()
    expect(rows.first).to_have_text("alice: while it was down", timeout=20_000)
    expect(rows.filter(has_text="live")).to_have_count(0)
    expect(state).to_have_text("Live.")
