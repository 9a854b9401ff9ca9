"""The numbers of this process, collected when Prometheus asks for them. Until then they cost nothing but counting.

Own Prometheus metrics beside these: `prometheus_client.REGISTRY.register(FeedCollector())`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from feed import __version__
from feed.connection.streaming import StreamConnection
from feed.counts import BOUNDS, counts
from feed.frames import row_cache
from feed.frames.formats import FORMATS
from feed.hub import Hub, all_hubs
from feed.metrics.database import database_metrics
from feed.visit import REASONS

DOORS = (*FORMATS, StreamConnection.way)
BELLS = ("doorbell", "look")
RESETS = ("expired", "ahead", "other_log", "access")


class FeedCollector(Collector):
    """Reads the hub of this process, and asks the database how far the log and the handlers are."""

    def describe(self) -> Iterable[Metric]:
        """Nothing. Otherwise a registry collects when this is registered, maybe before there is a database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        hubs = [hub for loop, hub in all_hubs() if loop.is_running()]
        yield InfoMetricFamily("rill", "The version of this process.", {"version": __version__})
        yield from watchers(hubs)
        yield from sent()
        yield from ended()
        yield from followed()
        yield from shown()
        yield from heads(hubs)
        yield from database_metrics(max((hub.tail.head for hub in hubs), default=None))


def watchers(hubs: Iterable[Hub]) -> Iterator[Metric]:
    found = [watcher for hub in hubs for watcher in hub.watchers()]
    by_door = Counter((watcher.door, watcher.connection.server) for watcher in found)
    family = GaugeMetricFamily("rill_watchers", "Connected clients.", labels=["format", "server"])
    for labels, count in by_door.items():
        family.add_metric(labels, count)
    yield family
    blocked = sum(hub.blocked() for hub in hubs)
    yield GaugeMetricFamily("rill_watchers_blocked", "Clients that don't read what is due to them.", blocked)


def sent() -> Iterator[Metric]:
    yield counter("rill_frames", "Frames sent.", "format", counts.frames, DOORS)
    yield counter("rill_sent_bytes", "Bytes of the frames sent.", "format", counts.sent_bytes, DOORS)
    delays = HistogramMetricFamily(
        "rill_delay_seconds", "From the recording of a change to the frame that shows it, of connected clients."
    )
    delays.add_metric([], buckets(counts.delays.counts), counts.delays.sum)
    yield delays


def buckets(each: Iterable[int]) -> list[tuple[str, float]]:
    """The counts of values up to each bound, from those between two bounds."""
    total, found = 0, list[tuple[str, float]]()
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], each, strict=True):
        total += count
        found.append((bound, total))
    return found


def ended() -> Iterator[Metric]:
    reasons = dict.fromkeys(REASONS.values())
    yield counter("rill_connections_ended", "Connections that have ended.", "reason", counts.ended, reasons)
    yield counter("rill_refusals", "Connections that were refused, by the code of the error.", "code", counts.refusals)
    yield counter("rill_resets", "Clients that had to start anew.", "reason", counts.resets, RESETS)


def followed() -> Iterator[Metric]:
    yield CounterMetricFamily("rill_changes_read", "Changes of the log that the hub has read.", counts.changes)
    yield counter("rill_bells", "How often the hub was told that the log has grown.", "bell", counts.bells, BELLS)
    yield CounterMetricFamily("rill_missed_changes", "Changes that only a poll has found.", counts.missed)


def shown() -> Iterator[Metric]:
    yield CounterMetricFamily("rill_row_cache_hits", "Rows that were found rendered.", counts.row_hits)
    yield CounterMetricFamily("rill_row_cache_misses", "Rows that had to be rendered.", counts.row_misses)
    rows, characters = row_cache.size()
    yield GaugeMetricFamily("rill_row_cache_rows", "Rows in the cache.", rows)
    yield GaugeMetricFamily("rill_row_cache_characters", "Characters of the rows in the cache.", characters)
    labels = ["method", "route", "status"]
    pages = SummaryMetricFamily("rill_page_seconds", "Requests that pages have answered.", labels=labels)
    with counts.lock:
        found = [(key, count, counts.page_seconds[key]) for key, count in counts.pages.items()]
    for key, count, seconds in found:
        pages.add_metric([*map(str, key)], count, seconds)
    yield pages


def heads(hubs: Iterable[Hub]) -> Iterator[Metric]:
    position = GaugeMetricFamily("rill_hub_position", "The position up to which the hub knows the log.")
    silence = GaugeMetricFamily("rill_hub_silence_seconds", "Seconds since the hub has read the log.")
    draining = GaugeMetricFamily("rill_draining", "1 while the process sends its clients away, to stop.")
    for hub in hubs:
        position.add_metric([], hub.tail.head)
        silence.add_metric([], hub.poller.seconds_since_read())
        draining.add_metric([], hub.is_stopping)
    yield from (position, silence, draining)


def counter(
    name: str, text: str, label: str, values: Mapping[str, int], known: Iterable[str] = ()
) -> CounterMetricFamily:
    """known: values of the label that are there from the start, or Prometheus would miss the first of each."""
    family = CounterMetricFamily(name, text, labels=[label])
    together: dict[str, Any] = {**dict.fromkeys(known, 0), **values}
    for value, count in together.items():
        family.add_metric([value], count)
    return family
