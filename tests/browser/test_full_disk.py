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


def test_alices_post_waits_in_its_row_while_the_disk_is_full_and_is_then_sent_again(
    server: Server, new_visitor: Callable[..., Page]
) -> None:
    alice, bob = new_visitor(base_url=server.url("")), new_visitor(base_url=server.url(""))
    sign_up(alice, "alice")
    bob.goto("/")
    wait_live(bob)
    row = alice.locator("#feed > .sending")
    with full_disk(server.pid):
        write(alice, "What a day")
        expect(row).to_contain_text("Not confirmed yet. Trying again…")
        expect(row.locator(".text")).to_have_text("What a day")
    sees(bob, "What a day")
    expect(row).to_have_count(0)
    sees(alice, "What a day")
