"""Who may see a post, changed later: pages that are open follow. Alice and bob are in a team; charlie is outside."""

import pytest
from playwright.sync_api import expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, open_thread, sees, wait_live, write

pytestmark = pytest.mark.parametrize(
    "one_server", [{"DJANGO_SETTINGS_MODULE": "tests.support.team_settings"}], indirect=True, scope="module"
)

TEAM = """
from django.contrib.auth.models import Group
group, _ = Group.objects.get_or_create(name="team")
group.user_set.set(User.objects.filter(username__in=["alice", "bob"]))
print(group.pk)
"""


def test_a_post_that_moves_to_a_team_leaves_the_pages_of_those_outside(visit: Visitor, server: Server) -> None:
    alice, bob, charlie = (visit(name) for name in ("alice", "bob", "charlie"))
    team = f"team:{server.shell(TEAM).strip()}"
    write(alice, "Hello")
    for page in (alice, bob, charlie):
        sees(page, "Hello")
    path = alice.locator("#feed > article", has_text="Hello").locator("a.when").get_attribute("href") or ""
    wait_live(open_thread(charlie, "Hello"))
    outsider = charlie.context.new_page()
    outsider.goto("/")
    sees(wait_live(outsider), "Hello")

    for audience in (team, "public"):
        alice.locator("#feed > article", has_text="Hello").get_by_role("link", name="Edit").click()
        alice.locator("#editor select").select_option(audience)
        alice.locator("#editor button").click()
        expect(alice.locator("#editor")).not_to_be_visible()
        sees(bob, "Hello")
        sees(outsider, *(["Hello"] if audience == "public" else []))
        sees(alice, "Hello")
        if audience == team:
            expect(bob.locator("#feed > article", has_text="Hello")).to_contain_text("Team")
            expect(charlie.locator("#feed > article")).to_have_count(0)
            response = charlie.goto(path)
            assert response
            assert response.status == 404


def test_a_user_who_leaves_the_team_loses_its_posts(visit: Visitor, server: Server) -> None:
    alice, bob = visit("alice"), visit("bob")
    team = f"team:{server.shell(TEAM).strip()}"
    alice.reload()
    alice.locator("#compose textarea").focus()  # the form opens
    alice.locator("#compose select").select_option(team)
    write(wait_live(alice), "For the team")
    sees(bob, "For the team")
    server.shell("User.objects.get(username='bob').groups.clear()")
    sees(bob)
    sees(alice, "For the team")
