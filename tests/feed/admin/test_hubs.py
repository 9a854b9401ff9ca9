"""The hubs of all processes in the admin."""

import asyncio
import os
import socket
from collections.abc import Callable
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Permission, User
from django.db import OperationalError, connections
from django.db.models import F
from django.test import Client
from django.utils import timezone

import feed
from feed import log
from feed.expiring import EXPIRY, OwnRow
from feed.hub import Hub, hub, reporting
from feed.models import HubReport
from tests.conftest import logged_in
from tests.feed.sockets import connect, post_status
from tests.support.markup import elements

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
PAGE = "/admin/feed/hubreport/"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "INTERVAL", 0.02)


@pytest.fixture
def report_of() -> Callable[..., OwnRow]:
    """Writes the report of the hub of another process."""

    def report(**values: object) -> OwnRow:
        row = OwnRow(HubReport)
        facts = {"host": "elsewhere", "pid": 7, "server": "uvicorn", "version": "1.0", "started_at": timezone.now()}
        state = {"watchers": {"html": 3, "json": 2}, "blocked": 1, "epoch": "k3x9", "position": 40, "lag": 2}
        row.write(**{**facts, **state, "bell_at": None, "is_stopping": False, **values})
        return row

    return report


async def the_report(condition: Callable[[HubReport], bool] = lambda report: True) -> HubReport:
    """The only report, as soon as it fulfils the condition."""
    async with asyncio.timeout(10):
        while True:
            reports = [report async for report in HubReport.objects.all()]
            if len(reports) == 1 and condition(reports[0]):
                return reports[0]
            await asyncio.sleep(0.01)


async def test_a_hub_reports_its_process_and_its_watchers(alice: User, quick: None, closed_hub: None) -> None:
    async with connect() as one, connect() as two, connect("?format=html") as page:
        await page.send_json_to({"after": "0"})
        for watcher in (one, two):
            await watcher.frame()
        found = await the_report(lambda report: report.watchers == {"json": 2, "html": 1})
        assert (found.host, found.pid) == (socket.gethostname(), os.getpid())
        assert (found.server, found.version) == ("other", feed.__version__)
        assert timezone.now() - timedelta(minutes=5) < found.started_at <= found.seen_at
        await post_status(alice, "Hello")
        frame = await one.frame()
        found = await the_report(lambda report: report.position == frame["position"])
        assert found.bell_at
        assert (found.lag, found.epoch, found.is_stopping) == (0, frame["log"], False)


async def test_a_hub_that_falls_behind_says_how_far(alice: User, quick: None, closed_hub: None) -> None:
    async with connect() as watcher:
        await watcher.frame()
        async with hub().poller.reading:
            await post_status(alice, "Hello")
            await database_sync_to_async(log.number)()
            assert (await the_report(lambda report: report.lag == 1)).lag == 1
        assert (await the_report(lambda report: report.lag == 0)).lag == 0


@pytest.mark.parametrize("end", [Hub.drain, Hub.close], ids=["drained", "closed"])
async def test_a_hub_that_ends_takes_its_report_back(alice: User, quick: None, closed_hub: None, end: Callable) -> None:  # type: ignore[type-arg]
    async with connect() as watcher:
        await watcher.frame()
        await the_report()
    await end(hub())
    state = hub()._report()
    await database_sync_to_async(hub().reporting._write)(state)  # as if one was on its way
    assert not await HubReport.objects.aexists()
    await database_sync_to_async(connections.close_all)()


async def test_a_database_that_fails_ends_no_hub(
    alice: User, quick: None, closed_hub: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail(row: OwnRow, **values: object) -> None:
        loop.call_soon_threadsafe(failed.set)
        raise OperationalError

    async with connect() as watcher:
        await watcher.frame()
        with monkeypatch.context() as patch:
            patch.setattr(OwnRow, "write", fail)
            await failed.wait()
        assert await the_report(lambda report: report.watchers == {"json": 1})


def test_staff_see_the_hubs_of_all_processes(admin_client: Client, report_of: Callable[..., OwnRow]) -> None:
    report_of()
    report_of(host="another", is_stopping=True)
    page = admin_client.get(PAGE).content.decode()
    assert "10 watchers in 2 processes" in page
    assert page.count("3 html, 2 json") == 2
    assert f"reaches up to {log.state().head}" in page


def test_a_hub_that_is_silent_is_not_shown(admin_client: Client, report_of: Callable[..., OwnRow]) -> None:
    silent, other = report_of(host="silent"), report_of(host="other")
    HubReport.objects.filter(hub=silent.hub).update(seen_at=F("seen_at") - timedelta(seconds=EXPIRY + 1))
    page = admin_client.get(PAGE).content.decode()
    assert "other" in page
    assert ">silent<" not in page
    assert "5 watchers in 1 process." in page
    other.delete_expired()
    assert [report.hub for report in HubReport.objects.all()] == [other.hub]


def test_the_page_loads_its_own_part_anew(admin_client: Client) -> None:
    found = elements(admin_client.get(PAGE).content.decode())
    (live,) = (each.attributes for each in found if each.attributes.get("id") == "hubs")
    assert live["hx-select"] == "#hubs"
    assert live["hx-trigger"].startswith("every ")
    assert any(each.attributes.get("src", "").endswith("htmx.min.js") for each in found)


def test_the_page_leads_to_the_log_the_handlers_and_the_webhooks(admin_client: Client) -> None:
    page = admin_client.get(PAGE).content.decode()
    for name in ("change", "handlercursor", "setaside", "webhook"):
        path = f"/admin/feed/{name}/"
        assert f'<li><a href="{path}">' in page
        assert admin_client.get(path).status_code == 200


@pytest.mark.parametrize("method", ["add/", "7/delete/"])
def test_nobody_changes_a_report(admin_client: Client, method: str) -> None:
    assert admin_client.get(PAGE + method).status_code in {302, 403}
    assert admin_client.post(PAGE + method, {"post": "yes"}).status_code in {302, 403}


def test_only_staff_with_the_permission_see_them(alice: User) -> None:
    assert Client().get(PAGE).status_code == 302
    assert logged_in(alice).get(PAGE).status_code == 302
    alice.is_staff = True
    alice.save()
    assert logged_in(alice).get(PAGE).status_code == 403
    alice.user_permissions.add(Permission.objects.get(codename="view_hubreport"))
    page = logged_in(alice).get(PAGE)
    assert page.status_code == 200
    assert "/admin/feed/change/" not in page.content.decode(), "She may not see the log."
