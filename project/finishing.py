"""Has Daphne finish its requests before it ends.

Told to stop, Daphne cancels its requests, waits for the first of them, and stops its event loop. The threads of the
others, which wait for something to be done in that loop, then wait for ever, and the process doesn't end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from twisted.internet import reactor as _reactor  # Daphne's, which its app has installed; nobody runs it under uvicorn
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort

FINISH_TIMEOUT = 5.0
"""Seconds that requests have to end."""

reactor: Any = _reactor


class Finishing:
    """The application, whose requests are waited for when Daphne stops."""

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
        """Twisted's loop goes on until this has fired."""
        for reader in reactor.getReaders():
            if IListeningPort.providedBy(reader):
                reader.stopListening()  # or new requests would come meanwhile
        return Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_TIMEOUT if self._running else 0):
                await self._idle.wait()
