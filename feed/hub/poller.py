"""Reads the log, when the doorbell rings and when a poll is due, and tells the watchers that each change matches."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from django.db import Error as DatabaseError

from feed import log
from feed.batches import batches
from feed.conf import conf
from feed.counts import counts
from feed.doorbell import MAX_TRACES, traces_of
from feed.frames import encoding
from feed.frames.entries import Entry
from feed.hub.history import BATCH
from feed.hub.subscriptions import Subscriptions
from feed.hub.tail import Tail
from feed.hub.threads import ReadingThreads
from feed.kinds.compiled import CompiledQuery, compiled
from feed.log.batch import supports_batches
from feed.messages import listen
from feed.models import Event
from feed.tracing import tracing

logger = logging.getLogger(__name__)

Read = tuple[log.State, list[log.Change], list[Event]]

READ_BYTES = 1024 * 1024
"""Bytes of events after which watchers are sent what has been read, before more is read."""
ENCODED_AT_ONCE = 64
"""Changes that are encoded in another format in one read. All of them could take longer than a read may, on a busy
machine, and would be begun again for ever."""
RECENT = 4
"""Changes whose kinds the next changes are expected to have."""


class Batch(NamedTuple):
    """What a read of the log has found.

    restart: whether the entries are the end of another log, or of one that was pruned meanwhile.
    hidden_from: the users who may not see all of these events any more.
    """

    state: log.State
    entries: list[Entry]
    restart: bool = False
    hidden_from: frozenset[str] = frozenset()


class LogReader:
    """Reads the log after the tail's head, in the calling thread."""

    def __init__(self, tail: Tail, subscriptions: Subscriptions) -> None:
        self._tail = tail
        self._subscriptions = subscriptions
        self._formats: frozenset[str] = frozenset()

    def _encode_again(self, entries: Sequence[Entry], formats: frozenset[str]) -> tuple[list[Entry], frozenset[str]]:
        """The entries in these formats, and the users who may not see all of these events any more."""
        again = encoding.encode_again(entries, formats)
        return again, encoding.newly_hidden_from(again, self._tail.head)

    def _take_again(self, entries: list[Entry], hidden_from: frozenset[str]) -> None:
        self._tail.replace(entries, conf.FEED_TAIL_BYTES)
        self._subscriptions.forget_access(hidden_from)

    def _read(self, read_ahead: bool) -> Batch:
        """Number what waits, and read on from the head. If the log isn't the same any more, read its end instead."""
        try:
            state, changes, events = self._read_ahead() if read_ahead and self._tail.epoch else self._look()
            restart = self._is_other(state)
            if restart:
                changes = log.read(max(state.floor, state.head - conf.FEED_TAIL), state.head)
        except log.Expired:  # pruned beyond the head: watchers can't go on from here
            return Batch(log.state(), [], restart=True)
        entries = encoding.load_encoded(changes, self._formats, READ_BYTES, events)
        hidden_from = encoding.newly_hidden_from(entries, entries[-1].position if entries else 0)
        return Batch(state, entries, restart, hidden_from)

    def _read_ahead(self) -> Read:
        """After a ring something waits for sure: number and read in one transaction. Where batches are supported, the
        same message reads the newest events of the kinds that came last, too."""
        head, queries = self._tail.head, self._queries_of_recent_kinds() if supports_batches() else []
        extra = [(query.changed, (head, head + BATCH)) for query in queries]
        state, changes, found = log.number_and_read(head, BATCH, extra)
        events = [event for query, rows in zip(queries, found, strict=True) for event in query.events(rows)]
        return state, changes, events

    def _queries_of_recent_kinds(self) -> list[CompiledQuery]:
        recent = {entry.kind for entry in self._tail.entries[-RECENT:] if entry.is_whole}
        kinds = [kind for name, kind in Event.kinds().items() if name in recent]
        return [query for kind in kinds if (query := compiled(kind))]

    def _look(self) -> Read:
        """At a poll there may be nothing: find that out without a lock, and only then number and read."""
        state = log.state()
        if state.waiting:
            state = log.number()
        head = self._tail.head
        changes = [] if self._is_other(state) else log.read(head, min(head + BATCH, state.head))
        return state, changes, []

    def _is_other(self, state: log.State) -> bool:
        return state.epoch != self._tail.epoch or state.head < self._tail.head

    def _take(self, batch: Batch) -> None:
        entries = batch.entries
        counts.changes += len(entries)
        if batch.restart:
            self._tail.restart(batch.state.epoch, entries[0].position - 1 if entries else batch.state.head)
        self._tail.append(entries, conf.FEED_TAIL, conf.FEED_TAIL_BYTES)
        if batch.restart:
            self._subscriptions.notify_all()
        self._subscriptions.notify(entries)
        self._subscriptions.forget_access(batch.hidden_from)


class LogPoller(LogReader):
    """
    reading: a lock that is held while the log is read.
    bell_at: when a bell was heard last, in seconds since 1970; 0 if none was.
    """

    def __init__(self, tail: Tail, subscriptions: Subscriptions) -> None:
        super().__init__(tail, subscriptions)
        self.reading = asyncio.Lock()
        self._read_at = time.monotonic()
        self._rung = asyncio.Event()
        self._is_failing = False
        self._traces: list[str] = []
        self.bell_at = 0.0
        self._thread = ReadingThreads(1, "rill-hub", keep_connection=True)

    def seconds_since_read(self) -> float:
        return time.monotonic() - self._read_at

    async def add_format(self, name: str) -> None:
        """Encode the changes in memory in one more format, and those that follow."""
        if name in self._formats:
            return
        async with self.reading:
            if name in self._formats:  # another watcher was first
                return
            formats = self._formats | {name}
            entries, hidden_from = list[Entry](), frozenset[str]()
            for part in batches(self._tail.entries, ENCODED_AT_ONCE):
                again, hidden = await self._thread.run(partial(self._encode_again, part, formats))
                entries += again
                hidden_from |= hidden
            self._take_again(entries, hidden_from)
            self._formats = formats

    async def close(self) -> None:
        """Give the thread's database connection back, after `run` has ended."""
        await self._thread.close()

    def end(self) -> None:
        self._thread.end()

    async def run(self) -> None:
        was_rung = False
        try:
            while True:
                known = self.known()
                await self._try_to_advance(read_ahead=was_rung and not self._is_failing)
                if not was_rung:
                    self._count_missed(*known)
                was_rung = await self._ring_or_poll()
        finally:
            self._thread.release()

    async def _try_to_advance(self, *, read_ahead: bool) -> None:
        try:
            await self.advance(read_ahead=read_ahead)
            self._is_failing = False
        except DatabaseError as error:
            if not self._is_failing:
                logger.warning("The log can't be read, and is tried again at every poll: %s", error)
            self._is_failing = True
        except Exception:
            logger.exception("The log could not be read this time")
            self._is_failing = True

    async def _ring_or_poll(self) -> bool:
        """Wait for the doorbell or the next poll. Returns whether it was the doorbell."""
        with suppress(TimeoutError):
            async with asyncio.timeout(conf.FEED_POLL):
                await self._rung.wait()
        was_rung = self._rung.is_set()
        self._rung.clear()
        return was_rung

    def known(self) -> tuple[str, int]:
        """The epoch and the head up to which the log was read."""
        return self._tail.epoch, self._tail.head

    def _count_missed(self, epoch: str, head: int) -> None:
        """Count the changes that a poll has found. `epoch` and `head` are what was known before it."""
        if epoch and epoch == self._tail.epoch:
            counts.missed += max(0, self._tail.head - head)

    def ring(self, bell: str = "look", traces: Sequence[str] = ()) -> None:
        """Make `run` read the log now. bell: who says that it has grown. traces: of what was posted."""
        self._traces = [*self._traces, *traces][-MAX_TRACES:]
        counts.bells[bell] += 1
        self.bell_at = time.time()
        self._rung.set()

    async def listen(self) -> None:
        """Listen to the doorbell."""
        await listen(lambda message: self.ring("doorbell", traces_of(message)))

    async def advance(self, wanted: int | None = None, *, read_ahead: bool = False) -> None:
        """Read the log up to its head. With `wanted`, only if that position hasn't been read yet."""
        async with self.reading:
            more = wanted is None or self._tail.head < wanted
            while more:
                begun = time.time_ns()
                batch = await self._thread.run(lambda: self._read(read_ahead))
                self._take(batch)
                if tracing.is_on and batch.entries:
                    self._trace(begun, batch)
                self._read_at = time.monotonic()
                more = self._tail.head < batch.state.head

    def _trace(self, begun: int, batch: Batch) -> None:
        traces, self._traces = self._traces, []
        read = tracing.read(begun, traces, len(batch.entries), self._tail.head)
        self._subscriptions.trace(read, traces)
