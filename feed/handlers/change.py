"""What a handler is given."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HandledChange:
    """A change, as a handler sees it.

    log, position: where it is in the log.
    action: `created`, `updated` or `deleted`. An event that is moved into the handler's streams is created there, and
    one that is moved out of them is deleted.
    event: the event in its present state. None for a deletion, and if the event doesn't exist any more.
    """

    log: str
    position: int
    action: str
    event_id: int
    kind: str
    event: Any = None

    @property
    def key(self) -> str:
        """A name that no other change has: for systems that can't be part of the transaction."""
        return f"{self.log}-{self.position}"


@dataclass(frozen=True, slots=True)
class Reset:
    """Why a handler can't go on from its cursor.

    reason: `expired`, `other_log` or `ahead`, as in a frame of the websocket.
    log, position: where it goes on.
    """

    reason: str
    log: str
    position: int
