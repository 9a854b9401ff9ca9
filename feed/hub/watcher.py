"""One connected client, as the hub knows it."""

import asyncio
from dataclasses import dataclass, field

from feed.connection.asgi import Connection
from feed.streams import ONLY_PUBLIC, Personal, personal


@dataclass(frozen=True, slots=True)
class Credential:
    """What a client identifies itself with, at either door.

    session: the key of a session.
    token: the digest of a token; "" for one that can't be valid, None without one.
    ticket: likewise that of a ticket for a token.
    """

    session: str = ""
    token: str | None = None
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """A session in which a user is logged in, or a token of the user.

    verifier: the hash of the user's password that Django keeps in the session.
    token: the digest of the token; then there is no session, and a new password doesn't matter.
    """

    session: str
    user: str
    verifier: str
    token: str = ""


@dataclass(eq=False, slots=True)
class Access:
    """What a user may see. All watchers of a user share it.

    user: the user's key, "" for anybody.
    audiences: None while they have to be asked for.
    changes: how often they have changed.
    lookup: the task that asks for them.
    """

    user: str = ""
    audiences: frozenset[str] | None = None
    changes: int = 0
    lookup: asyncio.Task[None] | None = None
    watchers: set["Watcher"] = field(default_factory=set)


ANYBODY = Access(audiences=ONLY_PUBLIC)


@dataclass(eq=False, slots=True)
class Watcher:
    """
    personal: those of its streams that hold something else for each user.
    cursor: the position up to which it has been sent everything.
    epoch: which log its cursor counts in, or "" if the client didn't say.
    login: the session or the token it was opened with, or None for an anonymous client.
    access: what its user may see.
    visitor: the name of its browser, for presence; "" if that isn't known.
    is_counted: whether it is a page that shows who is watching.
    started_at: where the log ended when it came without any state, at the cursor 0. Changes of access up to there don't
        concern it.
    pending_from: the first position after the cursor with a change for it; None if there is none up to the head.
    is_due: whether it is in the scheduler's queue.
    served_at: when it was last served, by time.monotonic().
    joined_at: when it joined the hub, in seconds since 1970.
    frames, sent_bytes: what it was sent.
    cancel_scope: what ends the task that serves its client.
    reason: why it was ended.
    door: what it is counted under: its format, or the way that its client came.
    """

    streams: frozenset[str]
    format: str
    connection: Connection
    cursor: int = 0
    epoch: str = ""
    login: Login | None = None
    access: Access = ANYBODY
    visitor: str = ""
    is_counted: bool = False
    started_at: int = 0
    pending_from: int | None = None
    is_due: bool = False
    served_at: float = 0.0
    joined_at: float = 0.0
    frames: int = 0
    sent_bytes: int = 0
    cancel_scope: asyncio.Timeout | None = None
    reason: Exception | None = None
    personal: tuple[Personal, ...] = field(init=False)
    door: str = field(init=False)

    def __post_init__(self) -> None:
        self.door = self.connection.way or self.format
        self.watch(self.streams)

    def watch(self, streams: frozenset[str]) -> None:
        self.streams, self.personal = streams, tuple(personal(streams))

    @property
    def audiences(self) -> frozenset[str]:
        """The audiences that its user is known to be in."""
        return self.access.audiences or ONLY_PUBLIC

    @property
    def knows_access_at(self) -> int:
        """The position from which on a change of its user's access breaks its cursor."""
        return max(self.cursor, self.started_at)

    def mark_pending(self, position: int) -> None:
        if self.pending_from is None or position < self.pending_from:
            self.pending_from = position

    def advance(self, position: int, head: int) -> None:
        """Set the cursor, in a log that reaches up to `head`."""
        self.cursor = position
        self.pending_from = position + 1 if position < head else None

    def end(self, reason: Exception) -> None:
        """Make its door end the connection. Only the first reason counts."""
        if self.cancel_scope and self.reason is None:
            self.reason = reason
            self.cancel_scope.reschedule(0)
