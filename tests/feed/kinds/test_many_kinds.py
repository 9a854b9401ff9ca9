"""Hundreds of kinds: the cost of a page depends only on the kinds that it shows."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feed import log
from feed.frames import at_state, row_cache
from feed.frames.encoding import load
from feed.models import Event, StatusChange
from tests.support.odd_kinds import new_kind, tables, using_kinds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
MANY = 200


@pytest.fixture
def many_kinds(transactional_db: None) -> Iterator[list[Any]]:
    kinds = [new_kind(f"Kind{number}", value=models.IntegerField(default=number)) for number in range(MANY)]
    with using_kinds(*kinds), tables(*kinds):
        yield kinds


def count_queries(client: Client, path: str) -> int:
    client.get(path)  # which may fill caches that are not of the events
    row_cache.forget()
    at_state.forget()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize("path", ["/", "/people/alice/", "/api/events/", "/api/events/?stream=user:alice"])
def test_pages_and_api_query_only_the_kinds_that_they_show(
    client: Client, alice: User, many_kinds: list[Any], path: str
) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    log.number()
    before = count_queries(client, path)
    for kind in many_kinds[:3]:
        kind.objects.create(user=alice)
    log.number()
    assert count_queries(client, path) == before + 3


def test_events_of_hundreds_of_kinds_are_loaded_together(
    client: Client, admin_client: Client, alice: User, many_kinds: list[Any]
) -> None:
    start = log.number().head
    saved = [kind.objects.create(user=alice) for kind in many_kinds]
    assert list(Event.objects.filter(kind__startswith="kind").order_by("pk")) == saved
    assert [entry.event for entry in load(log.read(start, log.number().head))] == saved
    shown = client.get(f"/api/events/?limit={MANY}").json()["events"]
    assert [event["value"] for event in shown] == list(reversed(range(MANY)))
    assert admin_client.get("/admin/feed/event/").status_code == 200
    assert Event.objects.filter(pk__in=[event.pk for event in saved]).update(user=alice) == MANY
