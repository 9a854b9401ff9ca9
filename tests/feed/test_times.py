"""Sites whose times have no zone: what is recent on the clock of the database is recent here."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from feed import log, times
from feed.event import Event
from feed.frames import redelivery
from feed.handlers import catch_up, lags
from feed.hub import hub
from feed.hub_table import HubReport
from feed.log import Change
from feed.models import StatusChange
from tests.feed.handlers.conftest import Make, make
from tests.feed.log.posts import post_texts
from tests.feed.sockets import connect, post_status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
MOMENT = timedelta(minutes=10)

__all__ = ["make"]


@pytest.fixture(params=["Asia/Kolkata", "America/New_York"], autouse=True)
def naive_times(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[None]:
    with override_settings(USE_TZ=False, TIME_ZONE=request.param):
        begin_pool_anew()
        yield
    begin_pool_anew()


def begin_pool_anew() -> None:
    """The connections of a pool have the time zone of the thread that has made it, whose settings may be older."""
    connection.close()
    if close_pool := getattr(connection, "close_pool", None):
        close_pool()
        connection.ensure_connection()


def is_recent(change: Change) -> bool:
    return abs(times.now() - times.of_database(change.at)) < MOMENT


def test_a_change_knows_when_it_was_recorded(alice: User) -> None:
    post_texts(alice, "now")
    head = log.number().head
    (change,) = log.read(head - 1, head)
    assert is_recent(change)
    assert is_recent(Change.objects.get(position=head))


def test_what_a_site_keeps_is_in_its_own_zone_whatever_a_request_has_activated() -> None:
    at = times.now()
    with timezone.override("Pacific/Auckland"):
        kept = times.kept(at)
        assert times.in_utc(kept) == at
    assert kept == at.astimezone(timezone.get_default_timezone()).replace(tzinfo=None)


def test_the_age_of_what_a_handler_has_not_done_is_known(alice: User, make: Make) -> None:
    catch_up(make(print, "public"))
    post_texts(alice, "now")
    log.number()
    (lag,) = lags()
    assert lag.seconds is not None
    assert lag.seconds < MOMENT.total_seconds()


def test_an_event_waits_before_it_is_sent_again(alice: User) -> None:
    post_texts(alice, "now")
    log.number()
    Change.objects.update(incomplete=True)
    StatusChange.objects.update(created_at=times.kept(times.now() - 2 * MOMENT))
    assert redelivery.redeliver() == 0, "The change is younger than the shortest wait."
    assert Event.objects.count()


def only_report() -> HubReport:
    """Runs in a new thread. Django's others remember the time zone of earlier tests."""
    try:
        return HubReport.objects.get()
    finally:
        connection.close()


async def test_a_hub_reports_itself(alice: User, closed_hub: None) -> None:
    async with connect() as watcher:
        await watcher.frame()
        await post_status(alice, "A bell")
        await watcher.frame()
        await hub().reporting.report()
        report = await asyncio.to_thread(only_report)
    started, bell_at = times.in_utc(report.started_at), report.bell_at and times.in_utc(report.bell_at)
    assert abs(times.now() - started) < MOMENT
    assert bell_at
    assert abs(times.now() - bell_at) < MOMENT
