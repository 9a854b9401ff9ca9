"""Runs handlers in threads: each when the log has grown, and in one thread at a time."""

import asyncio
import logging
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

from django.db import Error as DatabaseError
from django.db import connections

from feed import log
from feed.conf import conf
from feed.handlers.registry import Handler, all_handlers
from feed.handlers.running import advance
from feed.hub import database_watch
from feed.messages import listen

THREADS = 8
"""Handlers that run at the same time. Each of them uses a database connection."""
SLICE = 1.0
"""Seconds after which a handler that is behind lets others run."""
PASS_INTERVAL = 1.0
"""Seconds after which a cursor moves over changes that aren't for its handler."""

logger = logging.getLogger(__name__)


class Crew:
    """names: the handlers to run, or none for all. Made in a running event loop."""

    def __init__(self, names: Collection[str] = ()) -> None:
        self._names = names
        self._stopping = Event()
        self._rung = asyncio.Event()
        self._busy: set[str] = set()
        self._missed: set[str] = set()
        self._passed_at: dict[str, float] = {}
        self._known = ("", -1)
        self._threads = ThreadPoolExecutor(THREADS, "rill-handler")
        self._is_failing = False

    def stop(self) -> None:
        """Let `run` return as soon as the transactions at hand are finished."""
        self._stopping.set()
        self._rung.set()

    async def run(self) -> None:
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._watch())]
        try:
            while not self._stopping.is_set():
                for handler in await asyncio.to_thread(self._wanted):
                    self._begin(handler)
                await self._ring_or_poll()
        finally:
            self._stopping.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(self._threads.shutdown)

    def _wanted(self) -> list[Handler]:
        try:
            state = log.state()
            self._known = (state.epoch, state.head)
            found = [each for each in all_handlers().values() if not self._names or each.name in self._names]
            self._is_failing = False
        except DatabaseError as error:
            if not self._is_failing:
                logger.warning("The handlers wait for the database: %s", error)
            self._is_failing, found = True, []
        finally:
            connections.close_all()
        return found

    def _begin(self, handler: Handler) -> None:
        if handler.name in self._busy:
            self._missed.add(handler.name)
            return
        self._busy.add(handler.name)
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._threads, lambda: self._follow(handler))
        done.add_done_callback(lambda future: self._ended(handler.name, has_more=future.result()))

    def _ended(self, name: str, *, has_more: bool) -> None:
        self._busy.discard(name)
        if has_more or name in self._missed:
            self._missed.discard(name)
            self._rung.set()

    def _follow(self, handler: Handler) -> bool:
        """Run the handler for a while. Returns whether there is more to do now."""
        ends, passes = time.monotonic() + SLICE, self._may_pass(handler.name)
        more = not self._stopping.is_set()
        try:
            while more and time.monotonic() < ends:
                more = advance(handler, self._stopping.is_set, passes_others=passes) and not self._stopping.is_set()
        except DatabaseError as error:
            logger.warning("The handler %s has to wait for the database: %s", handler.name, error)
            return False
        except Exception:
            logger.exception("The handler %s is tried again at the next poll", handler.name)
            return False
        finally:
            connections.close_all()
        return more

    def _may_pass(self, name: str) -> bool:
        now = time.monotonic()
        if now - self._passed_at.get(name, -PASS_INTERVAL) < PASS_INTERVAL:
            return False
        self._passed_at[name] = now
        return True

    async def _ring_or_poll(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(conf.FEED_POLL):
                await self._rung.wait()
        self._rung.clear()

    async def _watch(self) -> None:
        await database_watch.run(self._rung.set, lambda: self._known)

    async def _listen(self) -> None:
        await listen(lambda _: self._rung.set())
