"""Follows a feed: the snapshot, the frames after it, and again after whatever has failed."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Self

from .errors import Disconnected
from .http import Http
from .site import Site
from .socket import Socket, opened
from .timing import Backoff, Timing
from .updates import Changes, Cursor, Lost, Snapshot, Update, follows

RESTARTING = {1012, 4012}
"""Close codes of a server that stops. It, or another one, is there again soon."""

logger = logging.getLogger("rill")


def log_lost(lost: Lost) -> None:
    logger.warning("Lost the feed at %s: %s Trying again in %.1f s.", lost.cursor, lost.error, lost.wait)


@dataclass(frozen=True, slots=True)
class Door:
    """How to get to the feed."""

    site: Site
    http: Http
    timing: Timing


def names_of(streams: Iterable[str]) -> tuple[str, ...]:
    """One name is meant as such, and not as its letters."""
    return (streams,) if isinstance(streams, str) else tuple(streams)


def query_of(cursor: Cursor | None) -> dict[str, Any]:
    """The cursor as the protocol has it."""
    if cursor is None:
        return {}
    return {"after": cursor.position} | ({"log": cursor.log} if cursor.log else {})


async def load(door: Door, streams: Iterable[str], limit: int, before: int | None = None) -> Snapshot:
    """The newest events over HTTP. Raises Refused and Unavailable."""
    query = [*(("stream", name) for name in names_of(streams)), ("limit", str(limit))]
    if before is not None:
        query.append(("before", str(before)))
    return Snapshot.of(await door.http.send("GET", door.site.api("events/", query)))


class Following(AsyncIterator[Update]):
    """Iterates over updates, for ever. Raises Refused.

    cursor: that of the newest update, or None before the first. streams: what is watched.
    """

    def __init__(
        self,
        door: Door,
        streams: Iterable[str],
        cursor: Cursor | None,
        *,
        snapshot: bool,
        limit: int,
        on_lost: Callable[[Lost], None],
    ) -> None:
        self.streams = names_of(streams)
        self.cursor = cursor
        self._door, self._limit, self._on_lost = door, limit, on_lost
        self._begins_with_snapshot = snapshot
        self._backoff = Backoff(door.timing)
        self._socket: Socket | None = None
        self._from: Cursor | None = None
        """Where a change of streams begins, until the server has confirmed it."""
        self._updates = self._follow()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Update:
        return await anext(self._updates)

    async def watch(self, streams: Iterable[str], *, after: Cursor | int | None = None) -> None:
        """Watch these streams instead. after: where to begin, if that is earlier than the cursor.

        The server confirms it with an update without changes, whose cursor is where it begins.
        """
        self.streams = names_of(streams) or ("public",)
        begin = Cursor(after) if isinstance(after, int) else after
        if begin and not (self._from and self._from.position <= begin.position):
            self._from = begin
        if self._socket:
            await self._ask(self._socket)

    async def aclose(self) -> None:
        """Disconnect. The iteration ends."""
        await self._updates.aclose()

    async def _follow(self) -> AsyncGenerator[Update]:
        while True:
            try:
                if self.cursor is None and self._begins_with_snapshot:
                    yield await self._first()
                async with aclosing(self._connected()) as updates:
                    async for update in updates:
                        yield update
            except Disconnected as error:
                await self._wait(error)

    async def _first(self) -> Snapshot:
        snapshot = await load(self._door, self.streams, self._limit)
        self.cursor = snapshot.cursor
        return snapshot

    async def _connected(self) -> AsyncGenerator[Update]:
        """The updates of one connection."""
        self._rewind()
        streams = self.streams
        url = self._door.site.watching(streams, self.cursor)
        async with opened(url, self._door.http.authorization, self._door.timing) as socket:
            self._socket = socket
            if streams != self.streams:  # changed while it was connecting
                await self._ask(socket)
            try:
                async for update in self._read(socket):
                    yield update
            finally:
                self._socket = None

    async def _read(self, socket: Socket) -> AsyncGenerator[Update]:
        frame = await socket.frame()
        while True:
            if (update := await self._received(frame)) is not None:
                yield update
            frame = await socket.frame()
            self._backoff.reset()  # not at the first frame: a server may fail right after it

    async def _received(self, frame: dict[str, Any]) -> Update | None:
        """What the frame brings. None if that is nothing: it is a heartbeat, or of a type that is newer than this."""
        try:
            if frame["type"] == "changes":
                return self._advanced(frame)
            if frame["type"] == "watching":
                return self._watching(frame)
            return await self._replaced(frame) if frame["type"] == "reset" else None
        except (KeyError, TypeError) as error:
            raise Disconnected(f"A frame has no {error}.") from error

    def _advanced(self, frame: dict[str, Any]) -> Changes | None:
        follows(self.cursor, frame)
        before, update = self.cursor, Changes.of(frame)
        self.cursor = update.cursor
        return update if update.changes or update.cursor != before else None

    def _watching(self, frame: dict[str, Any]) -> Changes:
        """The server has changed the streams. Its frames go on from this position."""
        if set(frame["streams"]) == set(self.streams):
            self._from = None
        self.cursor = Cursor(frame["position"], frame["log"])
        return Changes((), self.cursor, frame)

    async def _ask(self, socket: Socket) -> None:
        await socket.send({"type": "watch", "streams": self.streams} | query_of(self._from))

    def _rewind(self) -> None:
        """Begin earlier than at the cursor, if a change of streams that isn't confirmed says so."""
        if self._from and self.cursor and self._from.position < self.cursor.position:
            self.cursor = self._from
        self._from = None

    async def _replaced(self, frame: dict[str, Any]) -> Snapshot:
        """The snapshot after a reset. Until it is loaded the cursor stays, so that another try gets the same reset."""
        snapshot = await load(self._door, self.streams, self._limit)
        cursor = Cursor(frame["position"], frame["log"])
        if snapshot.cursor.log != cursor.log or snapshot.cursor.position < cursor.position:
            raise Disconnected("The snapshot is older than the reset.")
        self.cursor = cursor  # the frames go on from here, and say again what the snapshot has already
        return replace(snapshot, cursor=cursor, reason=frame["reason"])

    async def _wait(self, error: Disconnected) -> None:
        wait = self._backoff.next(at_least=error.retry_after, soon=error.close in RESTARTING)
        self._on_lost(Lost(error, self.cursor, wait))
        await asyncio.sleep(wait)
