"""The feed in another project, tests/adopters/shop, which knows it by its wheel: see its settings for what is different
there. All tests of one version of Django share a server; alice and bob sign up first, and alice is in a team."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from websockets.sync.client import ClientConnection, connect

from tests.adopters.installed import Project
from tests.support.databases import ROOT
from tests.support.servers import UVICORN_WEBSOCKETS, Shell
from tests.support.visiting import wait_live, write
from tests.support.watching import TIMEOUT

SOURCE = ROOT / "tests" / "adopters" / "shop"
SET_UP = """
import django
django.setup()
from django.core.management import call_command
call_command("check", deploy=False, fail_level="WARNING")
call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
call_command("migrate", verbosity=0)
call_command("createcachetable")
call_command("collectstatic", verbosity=0)
from django.db import connection
from feed.models import Log
import sys
assert sys.modules["daphne"] is None
with connection.cursor() as cursor:
    cursor.execute("DELETE FROM sqlite_sequence WHERE name = 'feed_event'")
    cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('feed_event', 1234)")
Log.objects.update_or_create(pk=1, defaults={"head": 5008, "floor": 5008})
"""
NAMES = """
from customers.models import Customer
from orders.models import Order, OrderPacked, Team
alice, bob = (Customer.objects.get(handle=name) for name in ("alice", "bob"))
team, _ = Team.objects.get_or_create(name="Packer")
"""
JOIN = "team.members.add(alice)"
LEAVE = "team.members.remove(alice)"
OF_OTHERS = re.compile(r"favicon|StreamingHttpResponse|async for")  # Django warns of its own way to serve files


class Shop(Project):
    port: int
    repl: Shell

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/shop/{path}"

    def api(self, page: Page | None = None) -> list[dict[str, Any]]:
        with urlopen(Request(self.url("api/events/?limit=200"), headers=cookie_of(page))) as response:
            events: list[dict[str, Any]] = json.load(response)["events"]
        return events

    def do(self, code: str) -> str:
        return self.repl.run(NAMES + code)


def cookie_of(page: Page | None) -> dict[str, str]:
    cookies = page.context.cookies() if page else []
    return {"Cookie": "; ".join(f"{each['name']}={each['value']}" for each in cookies)}


def socket_of(shop: Shop, page: Page | None = None, query: str = "") -> ClientConnection:
    address = f"ws://127.0.0.1:{shop.port}/shop/ws/feed/{query}"
    return connect(address, additional_headers=cookie_of(page), open_timeout=TIMEOUT)


def frames_until(websocket: ClientConnection, found: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = []
    while not frames or not found(frames[-1]):
        frames.append(json.loads(websocket.recv(timeout=TIMEOUT)))
    return frames


@pytest.fixture(scope="module")
def shop(packages: Path, python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    environment = {"PYTHONPATH": str(SOURCE), "SHOP_FOLDER": str(folder), "DJANGO_SETTINGS_MODULE": "shop.settings"}
    shop = Shop(folder, packages, python, **environment)
    shop.python("-c", SET_UP)
    uvicorn = ["-m", "uvicorn", "--log-level", "warning", *UVICORN_WEBSOCKETS, "--port", "{port}"]
    safe = shop.environment | {"PYTHONSAFEPATH": "1"}  # or it would import from the folder of the shell
    with (
        Shell(safe, [python, ROOT / "tests" / "support" / "shell.py"]) as shop.repl,
        shop.serving(*uvicorn, "shop.asgi:application", health="/shop/activity/") as shop.port,
    ):
        yield shop
        log = (folder / "server.log").read_text()
    assert [line for line in log.splitlines() if not OF_OTHERS.search(line)] == []


@pytest.fixture(scope="module")
def people(shop: Shop, browser: Browser) -> Iterator[tuple[Page, Page]]:
    """The windows of alice and bob, who have signed up."""
    contexts = [browser.new_context(locale="de-DE") for _ in range(2)]
    alice, bob = (sign_up(shop, context, name) for context, name in zip(contexts, ("alice", "bob"), strict=True))
    shop.do(JOIN)
    yield alice, bob
    for context in contexts:
        context.close()


def sign_up(shop: Shop, context: BrowserContext, handle: str) -> Page:
    page = context.new_page()
    page.goto(shop.url("sign-up/"))
    page.locator("[name=email]").fill(f"{handle}@rill.example")
    page.locator("[name=handle]").fill(handle)
    page.locator("[name=password]").fill("correct horse battery")
    page.get_by_text("Weiter").click()
    page.wait_for_url("**/shop/activity/")
    return wait_live(page)


@pytest.fixture
def alice(people: tuple[Page, Page]) -> Page:
    return people[0]


@pytest.fixture
def bob(people: tuple[Page, Page]) -> Page:
    return people[1]


def row(page: Page, text: str) -> Any:
    return page.locator("#feed > article", has_text=text)


def test_bob_sees_alices_post_live_inside_the_page_of_the_shop(alice: Page, bob: Page) -> None:
    write(alice, "Guten Tag")
    expect(row(bob, "Guten Tag")).to_have_count(1)
    expect(bob.locator(".rippling")).to_have_count(0)  # it comes to rest, without Rill's mark
    expect(bob.locator("header h1").first).to_have_text("Der Laden")
    expect(bob).to_have_title("Aktuelles | Der Laden")
    assert bob.locator("body").evaluate("body => getComputedStyle(body).marginTop") == "24px"
    assert row(bob, "Guten Tag").locator(".avatar").evaluate("each => getComputedStyle(each).borderRadius") != "0px"
    expect(row(bob, "Guten Tag").locator(".name")).to_have_attribute("href", "/shop/people/alice/")


def test_ids_and_positions_above_999_are_not_localised(alice: Page, bob: Page) -> None:
    write(alice, "Nummer eins")
    number = row(bob, "Nummer eins").get_attribute("id")
    assert re.fullmatch(r"event-1\d{3}", number)
    assert int(bob.locator("#cursor").input_value()) > 5008
    row(bob, "Nummer eins").locator("a.when").click()
    bob.wait_for_url(f"**/shop/activity/events/{number.removeprefix('event-')}/")
    wait_live(bob)
    bob.goto(bob.url.rpartition("events/")[0])
    wait_live(bob)


def test_an_order_of_a_team_reaches_its_members_only(shop: Shop, alice: Page, bob: Page) -> None:
    make = "order = Order.objects.create(number=7, total='1234.50', team=team)\n"
    pack = "OrderPacked.objects.create(user=bob, order=order, audience=team.audience)\n"
    public = "Order.objects.create(number=8, total='5.00')"
    with socket_of(shop, alice) as as_alice, socket_of(shop, bob) as as_bob, socket_of(shop) as as_nobody:
        for each in (as_alice, as_bob, as_nobody):
            each.recv(timeout=TIMEOUT)
        shop.do(make + pack + public)
        told = [str(frames_until(each, tells_of("Bestellung 8"))) for each in (as_alice, as_bob, as_nobody)]
    assert ["Bestellung 7" in each for each in told] == [True, False, False]
    for page in (alice, bob):
        expect(row(page, "Bestellung 8")).to_have_count(1)
    expect(row(alice, "gepackt: 1.234,50 €")).to_have_count(1)
    expect(row(bob, "Bestellung 7")).to_have_count(0)
    assert ["Bestellung 7" in str(shop.api(page)) for page in (alice, bob, None)] == [True, False, False]
    (order,) = [event for event in shop.api() if event.get("verb") == "order_placed"]
    assert (order["user"], order["data"]) == (None, {"total": "5.00"})
    assert order["about"]["url"] == f"/shop/orders/{order['about']['key']}/"


def tells_of(text: str) -> Callable[[dict[str, Any]], bool]:
    return lambda frame: text in str(frame)


def test_times_in_json_are_in_utc(shop: Shop, alice: Page) -> None:
    write(alice, "Wie spät ist es?")
    expect(row(alice, "Wie spät")).to_have_count(1)
    expect(alice.locator("#feed > .sending")).to_have_count(0)
    created = shop.api()[0]["created_at"]
    assert created.endswith("Z")
    assert abs(datetime.now(UTC) - datetime.fromisoformat(created)) < timedelta(minutes=1)
    shown = row(alice, "Wie spät").locator("relative-time").get_attribute("datetime")
    assert shown[:16] == created[:16]


def test_nobody_reads_an_address(shop: Shop, bob: Page) -> None:
    assert "rill.example" not in bob.content() + str(shop.api())
    assert {event["user"] for event in shop.api() if event["kind"] == "welcome"} == {"alice", "bob"}


def test_alice_who_leaves_the_team_is_told_to_load_again(shop: Shop, alice: Page) -> None:
    shop.do("Order.objects.create(number=9, total=1, team=team)")
    expect(row(alice, "Bestellung 9")).to_have_count(1)
    with socket_of(shop, alice) as as_alice, socket_of(shop) as as_nobody:
        for each in (as_alice, as_nobody):
            each.recv(timeout=TIMEOUT)
        shop.do(
            f"{LEAVE}\nOrder.objects.create(number=10, total=1, team=team)\nOrder.objects.create(number=11, total=1)"
        )
        frames = frames_until(as_alice, lambda frame: frame["type"] == "reset")
        assert frames[-1]["reason"] == "access"
        assert "Bestellung 10" not in str(frames)
        frames_until(as_nobody, tells_of("Bestellung 11"))
    expect(row(alice, "Bestellung 11")).to_have_count(1)
    for number in (9, 10):
        expect(row(alice, f"Bestellung {number}")).to_have_count(0)
    with socket_of(shop, alice, f"?stream={shop.do('print(team.audience)').strip()}") as websocket:
        assert json.loads(websocket.recv(timeout=TIMEOUT))["code"] == "not_yours"
    shop.do(JOIN)
