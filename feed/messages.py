"""The doorbell: the message that says that the log has grown."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, get_channel_layer
from django.db import transaction

if TYPE_CHECKING:
    from feed.models import Event

GROUP = "feed"
PATIENCE = 0.5
"""Seconds that a ring may take: a channel layer that hangs must not hold up who posts."""
PAUSE = 3.0
"""Seconds after a ring that failed in which none is tried: or whoever posts next would wait for the same."""

logger = logging.getLogger(__name__)

_paused: "WeakKeyDictionary[object, float]" = WeakKeyDictionary()
"""The channel layers that have failed, and until when (time.monotonic) they are left alone."""


@dataclass(frozen=True)
class MessageFactory:
    """Makes the messages about one event, and sends them to the hubs of all processes."""

    event_id: int

    def on_activity(self, summary: str) -> None:
        """Ring the doorbell. A ring that fails is a line in the log, and a second until the next poll."""
        layer = get_channel_layer()
        if layer is None or time.monotonic() < _paused.get(layer, 0):
            return
        message = {"type": "feed.activity", "event_id": self.event_id, "summary": summary[:200]}
        try:
            async_to_sync(_ring)(layer, message)
        except Exception as error:  # noqa: BLE001 (whatever a channel layer may raise: the event is saved already)
            _paused[layer] = time.monotonic() + PAUSE
            logger.warning("No ring for event %s: %s", self.event_id, str(error) or type(error).__name__)


async def _ring(layer: BaseChannelLayer, message: dict[str, object]) -> None:
    async with asyncio.timeout(PATIENCE):
        await layer.group_send(GROUP, message)


@dataclass
class _Peal:
    rung: bool = False


@dataclass
class _Ring:
    """What is heard when a transaction has committed: of the rings of one peal only the first.

    Each change has a ring of its own, because a rollback to a savepoint takes away those that came since.
    """

    event_id: int
    summary: str
    peal: _Peal = field(default_factory=_Peal)

    def ring(self) -> None:
        if not self.peal.rung:
            self.peal.rung = True
            MessageFactory(self.event_id).on_activity(self.summary)


def ring_on_commit(event: "Event", using: str | None) -> None:
    """Ring once when the transaction that changed `event` commits, however much it changes."""
    ring = _Ring(event.pk, str(event))
    hooks = (hook for _, hook, *_ in reversed(transaction.get_connection(using).run_on_commit))
    earlier = next((own for hook in hooks if isinstance(own := getattr(hook, "__self__", None), _Ring)), None)
    if earlier and not earlier.peal.rung:
        ring.peal = earlier.peal
    transaction.on_commit(ring.ring, using=using, robust=True)
