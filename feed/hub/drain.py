"""Drains a server that is told to stop: it ends its connections first, one after the other.

Clients that are cut off in the same moment come back in the same moment. And some servers cut them off without a close
code, which looks like a broken network. So the signal waits until all clients have been told, for a few seconds at
most. A second signal doesn't wait.
"""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from types import FrameType
from typing import Any

from feed.hub.watcher import Watcher

SPACING, MAX_DURATION = 0.004, 4.0
"""Seconds between two clients, and for all of them, however many there are."""
CLOSE_TIMEOUT = 1.0
"""Seconds that the last clients get to close their connections."""


class ServerStopping(Exception):
    """This process is about to stop. The client should connect again, to another one."""


async def end_all(watchers: Collection[Watcher]) -> None:
    """End the watchers one after the other, spread over the time that there is."""
    loop = asyncio.get_running_loop()
    spacing = min(SPACING, MAX_DURATION / max(1, len(watchers)))
    due = loop.time()
    for watcher in watchers:
        watcher.end(ServerStopping())
        due += spacing
        if due > loop.time():
            await asyncio.sleep(due - loop.time())


def before_stopping(on_drain: Callable[[], Awaitable[None]]) -> None:
    """Make the signals that stop the server wait for `on_drain` in the running loop."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, _DelayedHandler(handler, on_drain))


class _DelayedHandler:
    """A signal handler that drains the server before it calls the server's own handler."""

    def __init__(
        self, handler: Callable[[int, FrameType | None], Any], on_drain: Callable[[], Awaitable[None]]
    ) -> None:
        self._handler = handler
        self._on_drain = on_drain
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        signal.signal(number, self._handler)
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._begin, number)
        else:
            self._handler(number, frame)

    def _begin(self, number: int) -> None:
        self._task = self._loop.create_task(self._drain(number))

    async def _drain(self, number: int) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(MAX_DURATION + CLOSE_TIMEOUT):
                    await self._on_drain()
        finally:
            self._handler(number, None)
