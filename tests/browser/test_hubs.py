"""The hubs in the admin, as staff see them."""

from playwright.sync_api import expect

from tests.support.servers import Server
from tests.support.visiting import Visitor


def test_the_page_of_hubs_follows_what_they_report_without_reloading(visit: Visitor, server: Server) -> None:
    alice = visit("alice")
    server.shell("User.objects.filter(username='alice').update(is_staff=True, is_superuser=True)")
    alice.goto("/admin/feed/hubreport/")
    alice.evaluate("window.wasNotReloaded = true")
    hubs = alice.locator("#hubs")
    bob, carol = visit("bob"), visit("carol")
    expect(hubs).to_contain_text("2 watchers in 1 process.")
    expect(hubs.locator(".field-of_formats")).to_have_text("2 html")
    bob.close()
    expect(hubs).to_contain_text("1 watcher in 1 process.")
    assert alice.evaluate("window.wasNotReloaded") is True
    carol.close()
