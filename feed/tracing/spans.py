"""Tracing with OpenTelemetry. Imports nothing but its API."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from feed.tracing.off import NOTHING, Tracing

KEY = "traceparent"

propagator = TraceContextTextMapPropagator()


class OpenTelemetry(Tracing):
    def __init__(self) -> None:
        self._provider: trace.TracerProvider | None = None
        self._tracer: trace.Tracer = trace.NoOpTracer()

    @property
    def is_on(self) -> bool:
        """Whether the project has configured a provider. It may do so at any time."""
        provider = trace.get_tracer_provider()
        if provider is not self._provider:
            self._provider, self._tracer = provider, provider.get_tracer("rill")
        return not isinstance(provider, trace.ProxyTracerProvider)

    def recording(self, action: str, events: int) -> AbstractContextManager[Any]:
        if not self.is_on:
            return NOTHING
        return self._tracer.start_as_current_span(
            "rill.record",
            kind=trace.SpanKind.PRODUCER,
            attributes={"rill.action": action, "rill.events": events},
        )

    def parents(self) -> list[str]:
        carrier: dict[str, str] = {}
        if self.is_on:
            propagator.inject(carrier)
        return [*carrier.values()][:1]

    def read(self, begun: int, traces: Sequence[str], changes: int, position: int) -> Any:
        span = self._tracer.start_span(
            "rill.read",
            context=trace.set_span_in_context(trace.INVALID_SPAN),  # a trace of its own
            kind=trace.SpanKind.CONSUMER,
            links=links_to(traces),
            attributes={"rill.changes": changes, "rill.position": position},
            start_time=begun,
        )
        span.end()
        return span

    def sending(self, read: Any, traces: Sequence[str], watchers: int) -> Any:
        return self._tracer.start_span(
            "rill.send",
            context=trace.set_span_in_context(read),
            kind=trace.SpanKind.PRODUCER,
            links=links_to(traces),
            attributes={"rill.watchers": watchers},
        )


def links_to(traces: Iterable[str]) -> list[trace.Link]:
    """Without those that aren't well-formed: anybody who can ring the doorbell can send one."""
    spans = (trace.get_current_span(propagator.extract({KEY: text})) for text in traces)
    return [trace.Link(span.get_span_context()) for span in spans if span.get_span_context().is_valid]
