"""The doorbell's message: the log has grown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from channels.layers import get_channel_layer
from django.db import DatabaseError, transaction

from feed.doorbell import Message, doorbell
from feed.tracing import tracing

GROUP = "feed"
MAX_SUMMARY = 200
"""Characters of the summary in a message."""


@dataclass(frozen=True)
class MessageFactory:
    """Makes the messages about one event and sends them to the hubs of all processes."""

    event_id: int
    traces: Sequence[str] = ()
    """The spans that hubs link to; see `feed.tracing`."""

    def on_activity(self, summary: str) -> None:
        """Ring the doorbell. Doesn't wait for the channel layer."""
        layer = get_channel_layer()
        if layer is not None:
            message: Message = {"type": "feed.activity", "event_id": self.event_id, "summary": summary[:MAX_SUMMARY]}
            if self.traces:
                message["traces"] = [*self.traces]
            doorbell.ring(layer, GROUP, message)


def ring_on_commit(event_id: int, summary: Callable[[], str], using: str | None) -> None:
    """Ring once the open transaction has committed.

    summary: called only then. If it fails, the save must not fail; and its queries must not prolong the transaction.
    """

    traces = tracing.parents()

    def ring() -> None:
        MessageFactory(event_id, traces).on_activity(_text(summary))

    transaction.on_commit(ring, using=using, robust=True)


def _text(summary: Callable[[], str]) -> str:
    try:
        return summary()
    except DatabaseError:
        return ""
