"""Makes Daphne finish its requests before it stops.

By itself Daphne cancels all requests, waits for the first one, and stops its event loop. Then the threads of the other
requests wait for that loop for ever, and the process doesn't end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from twisted.internet import reactor as _reactor  # Daphne's app installs it; uvicorn never runs it
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort

FINISH_TIMEOUT = 5.0
"""Seconds that requests get to finish."""

reactor: Any = _reactor


class GracefulShutdown:
    """Wraps the application. Waits for its requests when Daphne stops."""

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        self._application = application
        self._running = 0
        self._idle = asyncio.Event()
        reactor.addSystemEventTrigger("before", "shutdown", self._finish)

    async def __call__(self, *arguments: Any) -> None:
        self._running += 1
        self._idle.clear()
        try:
            await self._application(*arguments)
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    def _finish(self) -> "Deferred[None]":
        """Stop listening, and keep Twisted's loop running until the returned Deferred fires."""
        for reader in reactor.getReaders():
            if IListeningPort.providedBy(reader):
                reader.stopListening()
        return Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_TIMEOUT if self._running else 0):
                await self._idle.wait()
