"""Spans of OpenTelemetry, from the save of an event to its watchers. Off unless its API is installed (the extra
`tracing`) and the project has configured a provider.

    rill.record     in the transaction of the event; a child of the project's own span, such as that of the request
    rill.read       a hub reads changes; linked to the records whose bells it has heard
    rill.send       until every watcher was served; a child of the read, with the same links

Traces travel with the doorbell, not with the log. So what a hub finds by a poll or by a look has no links.
"""

from importlib.util import find_spec

from feed.tracing.off import Tracing

if find_spec("opentelemetry"):
    from feed.tracing.spans import OpenTelemetry

    tracing: Tracing = OpenTelemetry()
else:
    tracing = Tracing()
