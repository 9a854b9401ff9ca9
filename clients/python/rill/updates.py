"""What a client that follows a feed gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .errors import Gap, RillError

Event = dict[str, Any]
"""An event as in the protocol: `id`, `kind`, `user`, `summary`, …, and the fields of its kind."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to where everything has been seen. Store both values; positions of another log mean something else."""

    position: int
    log: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """action: `created`, `updated` or `deleted`. Of a deleted event only `id` and `kind` are known."""

    position: int
    action: str
    event: Event


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed since the cursor before this one. Apply all, then store the cursor.

    frame: as it came.
    """

    changes: tuple[Change, ...]
    cursor: Cursor
    frame: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, frame: Mapping[str, Any]) -> Self:
        changes = tuple(Change(each["position"], each["action"], each["event"]) for each in frame["changes"])
        return cls(changes, Cursor(frame["position"], frame["log"]), frame)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest events, newest first. Drop what you have, and begin with these.

    reason: "start", or why the server couldn't continue from the cursor: "expired", "ahead", "other_log", "access".
    next: the path of older events, or None.
    """

    events: tuple[Event, ...]
    cursor: Cursor
    reason: str = "start"
    next: str | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        return cls(tuple(body["events"]), Cursor(body["position"], body["log"]), next=body["next"])


Update = Snapshot | Changes


@dataclass(frozen=True, slots=True)
class Lost:
    """A lost connection. The client comes back after `wait` seconds, and goes on at the cursor."""

    error: RillError
    cursor: Cursor | None
    wait: float


def follows(cursor: Cursor | None, frame: Mapping[str, Any]) -> None:
    """Raise Gap unless the `changes` frame begins where the cursor is. Frames tile the log."""
    if cursor is None:
        return
    if frame["after"] != cursor.position:
        raise Gap(f"A frame begins after {frame['after']}, but the one before it ended at {cursor.position}.")
    if cursor.log not in ("", frame["log"]):
        raise Gap(f"A frame is of the log {frame['log']}, but the one before it was of {cursor.log}.")
