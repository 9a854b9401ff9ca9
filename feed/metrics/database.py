"""How far the log and the handlers are, by the database."""

from collections.abc import Iterator

from django.db import Error as DatabaseError
from prometheus_client.core import GaugeMetricFamily, Metric

from feed import log
from feed.handlers.lag import Lag, lags
from feed.mirror_table import Mirror


def database_metrics(hub_position: int | None) -> Iterator[Metric]:
    """hub_position: how far the hub of this process knows the log, or None without a hub."""
    try:
        state = log.state()
        waiting = log.count_waiting() if state.waiting else 0
        handlers = lags()
        mirrors = list(Mirror.objects.all())
    except DatabaseError:
        yield GaugeMetricFamily("rill_database_up", "Whether the database answers.", 0)
        return
    yield GaugeMetricFamily("rill_database_up", "Whether the database answers.", 1)
    yield GaugeMetricFamily("rill_log_position", "The newest position of the log.", state.head)
    yield GaugeMetricFamily("rill_log_waiting", "Committed changes without a position.", waiting)
    if hub_position is not None:
        lag = max(0, state.head - hub_position)
        yield GaugeMetricFamily("rill_hub_lag", "Changes of the log that the hub hasn't read.", lag)
    for mirror in mirrors:
        reached = -1 if mirror.position is None else mirror.position
        yield GaugeMetricFamily("rill_mirror_position", "What a copy has of its source; -1: it reads anew.", reached)
    yield from of_handlers(handlers)


def of_handlers(found: list[Lag]) -> Iterator[Metric]:
    label = ["handler"]
    behind = GaugeMetricFamily("rill_handler_behind", "Changes that the handler hasn't seen.", labels=label)
    seconds = GaugeMetricFamily("rill_handler_seconds_behind", "Age of the oldest of them.", labels=label)
    aside = GaugeMetricFamily("rill_handler_set_aside", "Changes that the handler has failed on.", labels=label)
    stopped = GaugeMetricFamily("rill_handler_stopped", "1 if the handler can't go on by itself.", labels=label)
    for lag in found:
        behind.add_metric([lag.name], lag.behind)
        aside.add_metric([lag.name], lag.set_aside)
        stopped.add_metric([lag.name], lag.seconds is None)
        if lag.seconds is not None:
            seconds.add_metric([lag.name], lag.seconds)
    yield from (behind, seconds, aside, stopped)
