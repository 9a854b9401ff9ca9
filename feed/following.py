"""Following: keeps in step with the log, and its newest part in memory."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connections

from feed import frames, log
from feed.frames import Entry
from feed.history import BATCH
from feed.messages import GROUP
from feed.models import Change, Event
from feed.tail import Tail
from feed.threads import ReadingThreads

logger = logging.getLogger(__name__)

T = TypeVar("T")
Grown = Callable[[Sequence[Entry], bool], None]
Read = tuple[log.State, list[Change], list[Event]]

READ_BYTES = 1024 * 1024
"""Bytes of events after which watchers are sent what has been read, before more is."""
RECENT = 4
"""Changes whose kinds the next ones are expected to be of."""


class Following:
    """Calls `grown` with the changes that the log has grown by, and whether they begin another log.

    name: which log positions count in, "" before it was first read.
    cycle: held while the log is read.
    """

    def __init__(self, grown: Grown) -> None:
        self.name = ""
        self.tail = Tail(head=-1)
        self.cycle = asyncio.Lock()
        self._grown = grown
        self._formats: frozenset[str] = frozenset()
        self._read_at = asyncio.get_running_loop().time()
        self._woken = asyncio.Event()
        self._rung = False
        self._thread = ReadingThreads(1, "rill-hub")

    @property
    def head(self) -> int:
        """The newest position that watchers can be sent; -1 before the log was first read."""
        return self.tail.head

    def seconds_since_cycle(self) -> float:
        """How long ago the log was last read."""
        return asyncio.get_running_loop().time() - self._read_at

    async def add_format(self, name: str) -> None:
        """Encode what is in memory in one more format, and from now on what comes, too."""
        if name in self._formats:
            return
        async with self.cycle:
            formats = self._formats | {name}
            await self._in_thread(lambda: self.tail.encode_more(formats, settings.FEED_TAIL_BYTES))
            self._formats = formats

    async def close(self) -> None:
        """Give the thread's database connection back, when `follow` has ended."""
        await self._thread.close()

    async def follow(self) -> None:
        """For as long as it is asked to."""
        failing = rung = False
        try:
            while True:
                try:
                    await self.advance(rung=rung)
                    failing = False
                except DatabaseError as error:
                    if not failing:
                        logger.warning("The log can't be read, and is tried again at every poll: %s", error)
                    failing = True
                except Exception:
                    logger.exception("The log was not followed this time")
                    failing = True
                # What failed is tried in the plain way, whether or not it rings: nothing is read ahead.
                rung = await self._ring_or_poll() and not failing
        finally:
            self._thread.submit(connections.close_all)

    async def _ring_or_poll(self) -> bool:
        """Wait until the next poll is due, or something wakes it; returns whether that was the doorbell."""
        with suppress(TimeoutError):
            async with asyncio.timeout(settings.FEED_POLL):
                await self._woken.wait()
        self._woken.clear()
        rung, self._rung = self._rung, False
        return rung

    def ring(self) -> None:
        """Have the log read now."""
        self._rung = True
        self._woken.set()

    async def listen(self) -> None:
        """Hear the doorbell. One receiver a process, as each would decode its own copy of every message."""
        layer = get_channel_layer()
        while layer is not None:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    await layer.receive(channel)
                    self.ring()
            except Exception as error:  # noqa: BLE001 (whatever a channel layer may raise: the poll must do meanwhile)
                logger.warning("The doorbell is out of order: %s", str(error) or type(error).__name__)
                await asyncio.sleep(settings.FEED_POLL)

    async def advance(self, wanted: int | None = None, *, rung: bool = False) -> None:
        """Take in what the log has grown by. With `wanted`, not if that position is there by now."""
        async with self.cycle:
            more = wanted is None or self.head < wanted or self.head < 0
            while more:
                state, entries, restart = await self._in_thread(lambda: self._read_on(rung))
                if restart:
                    self.name, self.tail = state.name, Tail(entries[0].position - 1 if entries else state.head)
                self.tail.append(entries, settings.FEED_TAIL, settings.FEED_TAIL_BYTES)
                self._grown(entries, restart)
                self._read_at = asyncio.get_running_loop().time()
                more = self.head < state.head

    def _read_on(self, rung: bool) -> tuple[log.State, list[Entry], bool]:
        """Number what waits, and read on from the head; or anew from the end, if this isn't the log any more."""
        try:
            state, changes, events = self._number() if rung and self.name else self._look()
            restart = self._is_other(state)
            if restart:
                changes = log.read(max(state.floor, state.head - settings.FEED_TAIL), state.head)
        except log.Expired:  # it was pruned up to beyond the head: nothing here can be followed on from
            return log.state(), [], True
        return state, frames.load_encoded(changes, self._formats, READ_BYTES, events), restart

    def _number(self) -> Read:
        """What there is to follow, as there is something: with the events of the kinds that have come of late."""
        recent = {entry.kind for entry in self.tail.entries[-RECENT:] if entry.is_whole}
        return log.follow(self.head, BATCH, [kind for name, kind in Event.kinds().items() if name in recent])

    def _look(self) -> Read:
        """What there is to follow, if anything: nothing is locked to find that out."""
        state = log.state()
        if state.waiting:
            state = log.number()
        changes = [] if self._is_other(state) else log.read(self.head, min(self.head + BATCH, state.head))
        return state, changes, []

    def _is_other(self, state: log.State) -> bool:
        """Whether it isn't the log that has been followed so far."""
        return state.name != self.name or state.head < self.head

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Do what reads the log in a thread of its own, which keeps its connection as long as that works."""
        return await self._thread.run(lambda: _query(work))


def _query(work: Callable[[], T]) -> T:
    try:
        return work()
    except DatabaseError:
        connections.close_all()  # so that the next try has a new connection
        raise
