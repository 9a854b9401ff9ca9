"""The steps of docs/embedding.md, as they stand there, with the wheel in an empty folder."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from tests.adopters.installed import Project
from tests.adopters.steps import block, commands, document, files
from tests.support.visiting import Visitor, sees, sign_up, wait_live
from tests.support.watching import TIMEOUT

TUTORIAL = document("embedding.md")
FILES = [
    "shop/settings.py",
    "shop/asgi.py",
    "shop/urls.py",
    "orders/models.py",
    "orders/templates/feed/events/order_placed.html",
    "orders/templates/base.html",
    "orders/streams.py",
]


@pytest.fixture(scope="module")
def shop(packages: Path, python: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after step 4, with its tables."""
    project = Project(tmp_path_factory.mktemp("shop"), packages, python, DJANGO_SETTINGS_MODULE="shop.settings")
    install, *make = commands("In an empty folder", TUTORIAL)
    assert install[:2] == ["pip", "install"]
    for command in make:
        project.run(*command)
    assert [name for name, _ in files(TUTORIAL)] == FILES
    for name, lines in files(TUTORIAL):
        append(project.folder / name, lines)
    for command in commands("Make the tables", TUTORIAL)[:2]:
        project.run(*command)
    return project


def append(file: Path, lines: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        opened.write(f"\n{lines}" if opened.tell() else lines)


@pytest.fixture
def port(shop: Project) -> Iterator[int]:
    command = commands("Make the tables", TUTORIAL)[2]
    assert command == ["python", "manage.py", "runserver"]
    with shop.serving(*command[1:], "{port}", "--noreload", health="/activity/") as port:
        yield port


def cookie_of(page: Page) -> str:
    return "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())


def orders(port: int, **headers: str) -> list[str]:
    """The totals that a program with these headers sees."""
    with connect(f"ws://127.0.0.1:{port}/ws/feed/?after=0", additional_headers=headers) as websocket:
        changes = json.loads(websocket.recv(timeout=TIMEOUT))["changes"]
    return [change["event"]["total"] for change in changes if change["event"]["kind"] == "order_placed"]


def test_the_tutorial_gives_a_shop_a_live_page_with_its_own_kind_and_audience(
    shop: Project, port: int, new_visitor: Visitor
) -> None:
    alice, bob = (sign_up(new_visitor(base_url=f"http://127.0.0.1:{port}"), name) for name in ("alice", "bob"))
    expect(alice.locator("h1").first).to_have_text("The shop")
    shop.shell(block("Then run this in a second terminal", TUTORIAL))
    sees(alice, "ordered for 5.00", "ordered for 9.90")
    sees(bob, "ordered for 5.00")
    assert orders(port, Cookie=cookie_of(alice)) == ["9.90", "5.00"]
    assert orders(port, Cookie=cookie_of(bob)) == orders(port) == ["5.00"]
    shop.shell(AGAIN + block("## 6. Let alice leave", TUTORIAL))
    sees(alice, "ordered for 5.00")
    assert orders(port, Cookie=cookie_of(wait_live(alice))) == ["5.00"]


AGAIN = """
from django.contrib.auth.models import User
from orders.models import Team
from feed.streams import access_changed
alice, packers = User.objects.get(username="alice"), Team.objects.get()
"""


CHECK = """
import feed
from django.core.management import call_command
call_command("check", fail_level="WARNING")
call_command("makemigrations", check_changes=True, dry_run=True)
print(feed.__file__)
"""


def test_the_shop_passes_its_checks_and_knows_the_feed_by_its_wheel(shop: Project, packages: Path) -> None:
    checked, migrated, file = shop.shell(CHECK).splitlines()
    assert "no issues" in checked
    assert "No changes" in migrated
    assert Path(file).is_relative_to(packages)
