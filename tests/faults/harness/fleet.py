"""Many watchers at once, in one thread with one event loop."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self, get_args

from websockets.exceptions import ConnectionClosed

from tests.faults.harness.received import FormatName
from tests.faults.harness.watcher import Watcher
from tests.support.processes import PATIENCE, wait_until

NUDGE = 1.0
"""Seconds after which watchers that are behind are asked to say so: the server takes 5 such messages a second."""


class Fleet:
    """Watchers that run until the end of the `with`. They are only read from outside of their thread."""

    def __init__(self) -> None:
        self.watchers: list[Watcher] = []
        self._nudged = -NUDGE
        self._loop = asyncio.new_event_loop()
        self._tasks: dict[asyncio.Task[None], Watcher] = {}
        self._pings: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fleet", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def watch(self, watchers: Iterable[Watcher]) -> list[Watcher]:
        """Let them follow; returns them."""
        new = list(watchers)
        self.watchers += new
        self._loop.call_soon_threadsafe(self._start, new)
        return new

    def give_cue(self, cue: asyncio.Event) -> None:
        """Let the watchers that wait for it read on."""
        self._loop.call_soon_threadsafe(cue.set)

    def crew(
        self, addresses: Sequence[str], streams: Sequence[str], *, times: int = 1, turn: int | None = None
    ) -> list[Watcher]:
        """For each of the streams `times` watchers in each format.

        turn: the address that all begin with; without it each begins with the one after that of the one before.
        """
        wanted = [(stream, form) for _ in range(times) for stream in streams for form in get_args(FormatName)]
        return self.watch(
            Watcher(addresses, (stream,), form, turn=number if turn is None else turn)
            for number, (stream, form) in enumerate(wanted)
        )

    def wait_live(self, watchers: Iterable[Watcher] | None = None, patience: float = PATIENCE) -> None:
        """Until each of them, or of all, is connected and has been sent its first frame."""
        chosen = self.watchers if watchers is None else list(watchers)
        self._wait(lambda: [each for each in chosen if not each.is_live], "live", patience)

    def wait_for(self, position: int, watchers: Iterable[Watcher] | None = None, patience: float = PATIENCE) -> None:
        """Until each of them, or of all, has been sent everything up to this position."""
        chosen = self.watchers if watchers is None else list(watchers)

        def behind() -> list[Watcher]:
            late = [each for each in chosen if each.cursor < position]
            if late and time.monotonic() - self._nudged > NUDGE:
                self._nudged = time.monotonic()
                self._loop.call_soon_threadsafe(self._nudge, late)
            return late

        self._wait(behind, f"at {position}", patience)

    def check(self) -> None:
        """Raise what has gone wrong with a watcher that wasn't meant to."""
        for task, watcher in list(self._tasks.items()):
            if task.done() and not task.cancelled():
                task.result()
            assert not watcher.broken, watcher.broken

    def _wait(self, late: Callable[[], list[Watcher]], what: str, patience: float) -> None:
        def done() -> bool:
            self.check()
            return not late()

        try:
            wait_until(done, f"{len(self.watchers)} watchers to be {what}", patience)
        except TimeoutError as error:
            for watcher in late()[:3]:
                error.add_note(f"{watcher.format} {watcher.streams}: at {watcher.cursor}, {watcher.endings[-1:]}")
            error.add_note(f"{len(late())} are not.")
            raise

    def _start(self, watchers: list[Watcher]) -> None:
        for watcher in watchers:
            self._tasks[self._loop.create_task(watcher.follow())] = watcher

    def _nudge(self, watchers: list[Watcher]) -> None:
        for watcher in watchers:
            ping = self._loop.create_task(_ping(watcher))
            self._pings.add(ping)
            ping.add_done_callback(self._pings.discard)

    async def _end(self) -> None:
        tasks = [*self._tasks, *self._pings]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_default_executor()


async def _ping(watcher: Watcher) -> None:
    with suppress(ConnectionClosed):
        await watcher.ping()
