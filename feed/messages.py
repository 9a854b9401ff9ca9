"""The doorbell's message: the log has grown."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from channels.layers import get_channel_layer
from django.db import DatabaseError, transaction

from feed.conf import conf
from feed.doorbell import Message, doorbell
from feed.tracing import tracing

GROUP = "feed"
MAX_SUMMARY = 200
"""Characters of the summary in a message."""

logger = logging.getLogger(__name__)


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


async def listen(heard: Callable[[Message], object]) -> None:
    """Call `heard` with each message of the doorbell. One channel for each process, because each channel decodes its
    own copy of a message."""
    layer = get_channel_layer()
    while layer is not None:
        try:
            channel = await layer.new_channel()
            await layer.group_add(GROUP, channel)
            while True:
                heard(await layer.receive(channel))
        except Exception as error:  # noqa: BLE001 (whatever a channel layer may raise; the poll goes on)
            logger.warning("The doorbell is out of order: %s", str(error) or type(error).__name__)
            await asyncio.sleep(conf.FEED_POLL)
