"""Spans from the save of an event to its watchers, with the SDK of OpenTelemetry."""

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import transaction
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pytest_django import Settings

from feed.doorbell import MAX_TRACES, coalesced
from feed.models import StatusChange
from feed.tracing import off, tracing
from feed.tracing.spans import links_to
from tests.feed.sockets import connect, post_status, texts

pytestmark = pytest.mark.django_db(transaction=True)
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def provider() -> TracerProvider:
    return TracerProvider()


@pytest.fixture
def exported(provider: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return exporter


@pytest.fixture
def only_bells(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """No poll and no look reads before the bell is heard."""
    settings.FEED_POLL = 3600
    monkeypatch.setattr("feed.hub.database_watch.INTERVAL", 3600)


def named(exported: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in exported.get_finished_spans() if span.name == name]


def linked(span: ReadableSpan) -> list[int]:
    return [link.context.span_id for link in span.links]


async def test_the_spans_of_a_post_lead_to_its_watchers(
    alice: User, exported: InMemorySpanExporter, closed_hub: None, only_bells: None
) -> None:
    async with connect() as one, connect() as two:
        for watcher in (one, two):
            await watcher.frame()
        exported.clear()
        await post_status(alice, "Hello")
        for watcher in (one, two):
            assert texts(await watcher.frame()) == ["Hello"]
    (record,), (read,), (send,) = (named(exported, name) for name in ("rill.record", "rill.read", "rill.send"))
    assert record.attributes == {"rill.action": "created", "rill.events": 1}
    assert read.attributes
    assert read.attributes["rill.changes"] == 1
    assert send.attributes == {"rill.watchers": 2}
    assert linked(read) == linked(send) == [record.context.span_id]
    assert send.parent
    assert send.parent.span_id == read.context.span_id
    assert read.parent is None
    assert record.context.trace_id != read.context.trace_id == send.context.trace_id
    times = [record.start_time, read.start_time, read.end_time, send.start_time, send.end_time]
    assert None not in times
    assert times == sorted(times, key=lambda time: time or 0)


async def test_posts_of_one_transaction_are_read_together_and_linked_to_each(
    alice: User, exported: InMemorySpanExporter, closed_hub: None, only_bells: None
) -> None:
    def post() -> None:
        with transaction.atomic():
            for text in "ab":
                StatusChange.objects.create(user=alice, text=text)

    async with connect() as watcher:
        await watcher.frame()
        exported.clear()
        await database_sync_to_async(post)()
        assert texts(await watcher.frame()) == ["a", "b"]
    records = {span.context.span_id for span in named(exported, "rill.record")}
    assert len(records) == 2
    assert {span for read in named(exported, "rill.read") for span in linked(read)} <= records
    assert linked(named(exported, "rill.read")[0])


def test_a_record_is_a_child_of_what_the_project_does(
    alice: User, provider: TracerProvider, exported: InMemorySpanExporter
) -> None:
    with provider.get_tracer("project").start_as_current_span("request") as request:
        StatusChange.objects.create(user=alice, text="Hello")
    (record,) = named(exported, "rill.record")[-1:]
    assert record.parent
    assert record.parent.span_id == request.get_span_context().span_id


async def test_a_poll_that_finds_nothing_is_no_span(
    alice: User, exported: InMemorySpanExporter, closed_hub: None, settings: Settings
) -> None:
    settings.FEED_POLL = 0.01
    async with connect() as watcher:
        await watcher.frame()
        exported.clear()
        await watcher.send_to(text_data='{"type": "ping"}')
        await watcher.frame()
        await post_status(alice, "Hello")
        await watcher.frame()
    assert len(named(exported, "rill.read")) == 1


def test_without_a_provider_nothing_is_traced(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "get_tracer_provider", trace.ProxyTracerProvider)
    assert not tracing.is_on
    assert tracing.parents() == []
    assert tracing.recording("created", 1) is off.NOTHING


def test_without_the_api_nothing_is_traced() -> None:
    nothing = off.Tracing()
    assert not nothing.is_on
    assert nothing.parents() == []
    with nothing.recording("created", 1):
        pass


def test_a_ring_that_stands_for_many_posts_carries_the_newest_traces() -> None:
    first = coalesced(None, {"event_id": 1, "traces": ["a"]})
    assert coalesced(first, {"event_id": 2, "traces": ["b"]}) == {"event_id": 2, "traces": ["a", "b"]}
    assert coalesced(first, {"event_id": 2}) == {"event_id": 2, "traces": ["a"]}
    assert coalesced(None, {"event_id": 2}) == {"event_id": 2}
    many = coalesced(first, {"event_id": 3, "traces": [str(number) for number in range(100)]})
    assert many["traces"] == [str(number) for number in range(100 - MAX_TRACES, 100)]


def test_what_is_no_trace_is_not_linked_to() -> None:
    (link,) = links_to([PARENT, "", "nonsense", "00-0-0-0", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
    assert f"{link.context.span_id:016x}" == "b7ad6b7169203331"
