"""The hub: follows the log once per process, and sends each watcher the changes of its streams.

What happens to a change, from top to bottom:

    poller          reads the log
    subscriptions   find the watchers that it matches
    scheduler       serves them one after the other
    sender          takes the frame that follows a watcher's cursor
    tail, history   make frames: from memory, or from the database
    connection      writes it

A watcher owns a cursor and no queue. When it is served it gets one frame with everything after its cursor. So a slow
client costs no memory, and under load there are fewer and larger frames.
"""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any
from weakref import WeakKeyDictionary

from django.db import Error as DatabaseError

from feed import streams
from feed.frames import redelivery
from feed.hub import database_watch, drain, presence, reporting
from feed.hub.audiences import Audiences
from feed.hub.history import History
from feed.hub.periodic import every
from feed.hub.poller import LogPoller
from feed.hub.scheduler import Scheduler
from feed.hub.sender import Sender
from feed.hub.sessions import Sessions
from feed.hub.subscriptions import Subscriptions
from feed.hub.tail import Tail
from feed.hub.threads import ReadingThreads
from feed.hub.watcher import Credential, Watcher

SESSION_INTERVAL = 2.0
"""Seconds between two checks of the sessions and tokens of all connections."""
REDELIVERY_INTERVAL = 10.0
"""Seconds between two checks for events that can be sent in full now."""
NO_STREAMS = frozenset[str]()
LEAVE_TIMEOUT = 1.0
"""Seconds that a hub that ends waits for the database."""


class Hub:
    """Made by `hub()`, once for each event loop. Follows the log for as long as the loop runs."""

    def __init__(self) -> None:
        self.tail = Tail()
        self.is_stopping = False
        self._drains_on_stop = False
        self._threads = ReadingThreads(2, "rill-history")
        self._audiences = Audiences(self._threads)
        self._history = History(self._threads, self._audiences.changed)
        self._scheduler = Scheduler(Sender(self.tail, self._history, self._audiences))
        self._subscriptions = Subscriptions(self._scheduler, self._audiences)
        self.poller = LogPoller(self.tail, self._subscriptions)
        self.sessions = Sessions(self._threads)
        self.presence = presence.HubPresence(self._threads)
        self.reporting = reporting.HubReporting(self._threads, self._report)
        self._empty = asyncio.Event()
        self._tasks = [asyncio.create_task(each) for each in self._work()]

    def _work(self) -> list[Coroutine[Any, Any, None]]:
        """What goes on for as long as the loop runs."""
        return [
            self.poller.run(),
            self.poller.listen(),
            every(SESSION_INTERVAL, self.sessions.check, "check of the sessions"),
            every(REDELIVERY_INTERVAL, lambda: self._threads.run(redelivery.redeliver), "redelivery of events"),
            every(presence.TICK, self.presence.refresh, "presence"),
            every(reporting.INTERVAL, self.reporting.report, "report of the hub"),
            database_watch.run(self.poller.ring, self.poller.known),
            self._scheduler.run(),
            self._scheduler.run_timers(),
        ]

    async def join(self, watcher: Watcher, after: int | None) -> None:
        """Send the watcher frames from now on, the first at once; from the cursor `after`, or else from the head."""
        await self.poller.add_format(watcher.format)
        if self.tail.head < (after or 0):
            await self.poller.advance(after or 0)
        self._subscriptions.add(watcher)
        self._audiences.add(watcher)
        self.sessions.add(watcher)
        self.presence.add(watcher)
        self._scheduler.add(watcher)
        if after == 0 and not watcher.epoch:  # it has no state that a change of access could make wrong
            watcher.started_at = self.tail.head
        watcher.joined_at = time.time()
        watcher.epoch = watcher.epoch or self.tail.epoch
        watcher.advance(self.tail.head if after is None else after, self.tail.head)
        self._scheduler.enqueue(watcher)
        if self.is_stopping:
            watcher.end(drain.ServerStopping())

    async def authorise(self, watcher: Watcher, credential: Credential | None, *, must_exist: bool) -> None:
        """Find out whose watcher it is. Raises Refusal if its token isn't valid, if it may not watch one of its streams
        or, with `must_exist`, if one of them doesn't exist. Queries the database only if that is needed to know."""
        watcher.login = await self.sessions.find(credential) if credential else None
        watcher.access = self._audiences.access_of(watcher.login)
        await self._check(watcher.access.user, watcher.streams, watcher.streams if must_exist else NO_STREAMS)

    async def watch(self, watcher: Watcher, names: frozenset[str], after: int | None, epoch: str) -> None:
        """Send the watcher the changes of these streams instead, from its cursor on, or from `after` if that is less.

        epoch: which log `after` counts in, "" if the client didn't say.
        Raises Refusal as `authorise` does. Streams that the watcher has already need not exist any more.
        """
        await self._check(watcher.access.user, names, NO_STREAMS if after else names - watcher.streams)
        await watcher.connection.writable()  # and from here on without waiting: no frame may come in between
        self._subscriptions.change(watcher, names, after, self.tail.head)
        watcher.epoch = epoch or watcher.epoch  # of another log: the next frame is a reset

    async def _check(self, user: str, names: frozenset[str], must_exist: frozenset[str]) -> None:
        unsure = bool(must_exist) and streams.may_be_absent(must_exist)
        if unsure or streams.have_audiences(names):
            audiences = await self._audiences.of_user(user)
            streams.check_access(names, audiences)
            if unsure:
                await self._threads.run(lambda: streams.check(must_exist, audiences))

    def send_frame(self, watcher: Watcher) -> None:
        """Send the watcher a frame, even one without changes."""
        self._scheduler.enqueue(watcher)

    def rewind(self, watcher: Watcher, after: int) -> None:
        """Set the watcher's cursor back to `after`, so that it is sent again what came since."""
        if after < watcher.cursor:
            watcher.advance(after, self.tail.head)
            self._scheduler.enqueue(watcher)

    def leave(self, watcher: Watcher) -> None:
        self._subscriptions.discard(watcher)
        self.sessions.discard(watcher)
        self.presence.discard(watcher)
        self._audiences.discard(watcher)
        self._scheduler.discard(watcher)
        watcher.cancel_scope = None
        if not self._subscriptions:
            self._empty.set()

    def watchers(self) -> list[Watcher]:
        return self._scheduler.watchers()

    def blocked(self) -> int:
        """How many watchers aren't reading, although a frame is due to them."""
        return self._scheduler.blocked()

    def has_watchers(self) -> bool:
        return bool(self._subscriptions)

    def drain_on_stop(self) -> None:
        """Make the server drain when it is told to stop."""
        if not self._drains_on_stop:
            self._drains_on_stop = True
            drain.before_stopping(self.drain)

    async def drain(self) -> None:
        """Tell all watchers to connect again, even those that come meanwhile. Returns when none is left."""
        self.is_stopping = True
        await drain.end_all(self._subscriptions.watchers())
        while self._subscriptions:
            self._empty.clear()
            await self._empty.wait()
        await self._take_back()

    async def _take_back(self) -> None:
        """Delete what other processes see of this hub. Without the database it expires."""
        with suppress(DatabaseError, RuntimeError, TimeoutError):
            async with asyncio.timeout(LEAVE_TIMEOUT):
                await self._threads.run(self._leave)

    def _leave(self) -> None:
        self.presence.leave()
        self.reporting.leave()

    def _report(self) -> reporting.State:
        """What the row of this hub says; see HubReport."""
        epoch, position = self.poller.known()
        return {
            **reporting.of_watchers(self.watchers()),
            "blocked": self.blocked(),
            "epoch": epoch,
            "position": position,
            "bell_at": reporting.moment(self.poller.bell_at),
            "is_stopping": self.is_stopping,
        }

    async def close(self) -> None:
        """Stop following the log, and give the database connections back."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._take_back()
        await self._history.close()
        await self.poller.close()
        await self._threads.close()

    def end(self) -> None:
        """Give the database connections back, if the event loop was closed without `close`."""
        for task in self._tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            with suppress(RuntimeError):
                task.get_coro().close()
        self.poller.end()
        self._threads.end()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Context().run(Hub)  # its tasks outlive the request of its first watcher
    return _hubs[loop]


def all_hubs() -> list[tuple[asyncio.AbstractEventLoop, Hub]]:
    """The hubs of all event loops, with their loops. A hub refers to its loop, so those of closed loops are among
    them."""
    return list(_hubs.items())


def forget(loop: asyncio.AbstractEventLoop) -> None:
    """Let the next watcher in this event loop start a new hub."""
    _hubs.pop(loop, None)


def running_hub() -> Hub | None:
    """The hub of the running event loop, or None before the first watcher has come."""
    return _hubs.get(asyncio.get_running_loop())
