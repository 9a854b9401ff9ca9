"""The goodbye: a server that is told to stop sends its watchers away first, one after the other, to come back.

Cut off in the same moment, they would all come back in the same moment; and some servers cut them off without a
word, which a client can't tell from a broken network. So the signal waits until all have been told, for a few
seconds at most. A second signal doesn't wait.
"""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from types import FrameType
from typing import Any

from feed.tail import Watcher

PACE, SPREAD = 0.004, 4.0
"""Seconds between two watchers, and in which all of them are told, however many there are."""
PATIENCE = 1.0
"""Seconds that the last of them have to go."""


class ComeBack(Exception):
    """This process stops; the next one is glad to see the client."""


async def tell(watchers: Collection[Watcher]) -> None:
    """Send each watcher away, spread over the time that there is."""
    loop = asyncio.get_running_loop()
    pace = min(PACE, SPREAD / max(1, len(watchers)))
    due = loop.time()
    for watcher in watchers:
        watcher.end(ComeBack())
        due += pace
        if due > loop.time():
            await asyncio.sleep(due - loop.time())


def before_stopping(farewell: Callable[[], Awaitable[None]]) -> None:
    """Have the signals that stop the server, which it has handlers for, wait for `farewell` in the running loop."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, _Delay(handler, farewell))


class _Delay:
    """A signal handler that comes before the server's own."""

    def __init__(
        self, handler: Callable[[int, FrameType | None], Any], farewell: Callable[[], Awaitable[None]]
    ) -> None:
        self._handler = handler
        self._farewell = farewell
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        signal.signal(number, self._handler)
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._begin, number)
        else:
            self._handler(number, frame)

    def _begin(self, number: int) -> None:
        self._task = self._loop.create_task(self._say_goodbye(number))

    async def _say_goodbye(self, number: int) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(SPREAD + PATIENCE):
                    await self._farewell()
        finally:
            self._handler(number, None)
