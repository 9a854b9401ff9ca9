"""The doorbell: the message that says that the log has grown."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from channels.layers import get_channel_layer
from django.db import DatabaseError, transaction

from feed.doorbell import doorbell

if TYPE_CHECKING:
    from feed.models import Event

GROUP = "feed"


@dataclass(frozen=True)
class MessageFactory:
    """Makes the messages about one event, and sends them to the hubs of all processes."""

    event_id: int

    def on_activity(self, summary: str) -> None:
        """Ring the doorbell, without waiting until it has rung."""
        layer = get_channel_layer()
        if layer is not None:
            message = {"type": "feed.activity", "event_id": self.event_id, "summary": summary[:200]}
            doorbell.ring(layer, GROUP, message)


@dataclass
class _Peal:
    rung: bool = False


@dataclass
class _Ring:
    """What is heard when a transaction has committed: of the rings of one peal only the first.

    Each change has a ring of its own, because a rollback to a savepoint takes away those that came since.
    """

    event_id: int
    event: "Event"
    peal: _Peal = field(default_factory=_Peal)

    def ring(self) -> None:
        if not self.peal.rung:
            self.peal.rung = True
            # Named only now: a name that can't be told fails no save, and what it queries holds up no transaction.
            MessageFactory(self.event_id).on_activity(self._summary())

    def _summary(self) -> str:
        try:
            return str(self.event)
        except DatabaseError:  # the bell rings without it
            return ""


def ring_on_commit(event: "Event", using: str | None) -> None:
    """Ring once when the transaction that changed `event` commits, however much it changes."""
    ring = _Ring(event.id, _as_it_is(event))
    connection = transaction.get_connection(using)
    hooks = (hook for _, hook, *_ in reversed(connection.run_on_commit))
    earlier = next((own for hook in hooks if isinstance(own := getattr(hook, "__self__", None), _Ring)), None)
    if earlier and not earlier.peal.rung:
        ring.peal = earlier.peal
    connection.on_commit(ring.ring, robust=True)


def _as_it_is(event: "Event") -> "Event":
    """A copy, as Django takes the key away from what it deletes. Not by `copy`, for which a model pickles itself."""
    kept = object.__new__(type(event))
    kept.__dict__ = vars(event).copy()
    return kept
