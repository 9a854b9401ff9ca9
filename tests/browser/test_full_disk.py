"""What a browser shows while the server's disk is full."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.faults.harness.storage import full_disk
from tests.support.servers import Server
from tests.support.visiting import sees, sign_up, wait_live, write


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def test_alices_post_stays_in_the_form_while_the_disk_is_full_and_is_then_sent_again(
    server: Server, new_visitor: Callable[..., Page]
) -> None:
    alice, bob = new_visitor(base_url=server.url("")), new_visitor(base_url=server.url(""))
    sign_up(alice, "alice")
    bob.goto("/")
    wait_live(bob)
    text = alice.locator("#compose textarea")
    with full_disk(server.pid):
        write(alice, "What a day")
        expect(alice.locator("#compose .trying")).to_have_text("Not confirmed yet. Trying again…")
        expect(text).to_have_value("What a day")
    sees(bob, "What a day")
    expect(text).to_have_value("")
    expect(text).to_be_editable()
