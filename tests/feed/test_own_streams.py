"""Streams that an app defines: `said:TEXT` are the posts with this text."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feed import streams
from feed.models import Comment, Event, StatusChange
from feed.streams import Audience, Stream
from feed.streams.stream import STREAMS
from tests.feed.test_moves import by_save, by_update, told


class Said(Stream):
    prefix = "said"
    condition = staticmethod(lambda key: Q(statuschange__text=key))

    def keys_of(self, event: Any) -> Iterable[object]:
        return [event.text] if isinstance(event, StatusChange) else []

    def events(self, key: str) -> Q:
        return self.condition(key)


SAID = STREAMS.pop(Said.prefix)


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STREAMS, Said.prefix, SAID)


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize(
    "condition",
    [
        lambda key: Q(statuschange__text=key),
        lambda key: Q(statuschange__text__iexact=key),
        lambda key: Q(statuschange__text__exact=key),
        lambda key: Q(statuschange__text=key, user__username="alice"),
        lambda key: Q(Q(statuschange__text=key) | Q(statuschange__text="Nobody says this")),
        lambda key: ~Q(statuschange__isnull=True) & Q(statuschange__text=key),
        lambda key: Q(pk__in=StatusChange.rows.filter(text=key)),
    ],
    ids=["field", "case", "exact", "and", "or", "not", "subquery"],
)
def test_a_snapshot_finds_its_events_by_any_condition(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch, condition: Any
) -> None:
    monkeypatch.setattr(Said, "condition", staticmethod(condition))
    found = [StatusChange.objects.create(user=alice, text=text) for text in ("Hello", "Bye", "Hello")]
    Comment.objects.create(user=alice, thread=found[0], text="Hello")
    StatusChange.objects.create(user=alice, text="Hello", audience="only:alice")
    snapshot = client.get("/api/events/", {"stream": "said:Hello"}).json()
    assert [event["id"] for event in snapshot["events"]] == [found[2].pk, found[0].pk]
    before = client.get("/api/events/", {"stream": "said:Hello", "before": found[2].pk}).json()
    assert [event["id"] for event in before["events"]] == [found[0].pk]
    both = client.get("/api/events/", {"stream": ["said:Hello", "said:Bye"]}).json()
    assert [event["id"] for event in both["events"]] == [found[2].pk, found[1].pk, found[0].pk]


@pytest.mark.django_db
def test_a_condition_on_a_field_of_a_kind_is_looked_up_in_its_table(alice: User) -> None:
    StatusChange.objects.create(user=alice, text="Hello")
    with CaptureQueriesContext(connection) as queries:
        streams.newest(Event.rows.all(), ["said:Hello"], None, 10)
    assert '(SELECT "feed_statuschange"."event_ptr_id"' in queries[0]["sql"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("closed_hub")
@pytest.mark.parametrize("way", [by_save, by_update])
@pytest.mark.parametrize(("stream", "action"), [("said:Hello", "deleted"), ("said:Bye", "created")])
async def test_a_changed_field_moves_an_event(alice: User, way: Any, stream: str, action: str) -> None:
    event = await StatusChange.objects.acreate(user=alice, text="Hello")
    assert await told(stream, alice, lambda: way(event, "text", "Bye")) == [(action, event.pk)]


@pytest.mark.parametrize("prefix", ["Said", "a b", "a:b", ""])
def test_a_prefix_is_an_identifier_in_lower_case(prefix: str) -> None:
    if prefix:
        with pytest.raises(ImproperlyConfigured, match="must be an identifier"):
            type("Wrong", (Stream,), {"prefix": prefix})
    else:
        type("Abstract", (Audience,), {"prefix": prefix})  # a base class for others
        assert prefix not in STREAMS


def test_two_streams_with_one_prefix_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="Said and Other have the same prefix 'said'"):
        type("Other", (Stream,), {"prefix": "said"})
