"""Many watchers in one thread with one event loop."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self, get_args

from websockets.exceptions import ConnectionClosed

from tests.faults.harness.received import FormatName
from tests.faults.harness.watcher import RecordingWatcher
from tests.support.processes import TIMEOUT, wait_until

PING_INTERVAL = 1.0
"""Seconds between two pings of watchers that are behind. A server accepts 5 a second."""


class Fleet:
    """Watchers that run until the end of the `with`. Other threads may only read their state."""

    def __init__(self) -> None:
        self.watchers: list[RecordingWatcher] = []
        self._last_ping = -PING_INTERVAL
        self._loop = asyncio.new_event_loop()
        self._tasks: dict[asyncio.Task[None], RecordingWatcher] = {}
        self._pings: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fleet", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(TIMEOUT)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT)
        self._loop.close()

    def add(self, watchers: Iterable[RecordingWatcher]) -> list[RecordingWatcher]:
        """Start the watchers. Returns them."""
        new = list(watchers)
        self.watchers += new
        self._loop.call_soon_threadsafe(self._start, new)
        return new

    def open_gate(self, gate: asyncio.Event) -> None:
        """Let the watchers that wait at this gate continue reading."""
        self._loop.call_soon_threadsafe(gate.set)

    def add_for_streams(
        self, addresses: Sequence[str], streams: Sequence[str], *, times: int = 1, turn: int | None = None
    ) -> list[RecordingWatcher]:
        """Start `times` watchers for each stream and format.

        turn: the number of the address that all watchers begin with. Without it they take turns.
        """
        wanted = [(stream, form) for _ in range(times) for stream in streams for form in get_args(FormatName)]
        return self.add(
            RecordingWatcher(addresses, (stream,), form, turn=number if turn is None else turn)
            for number, (stream, form) in enumerate(wanted)
        )

    def wait_live(self, watchers: Iterable[RecordingWatcher] | None = None, timeout: float = TIMEOUT) -> None:
        """Wait until these watchers, or all, are connected and have received a frame."""
        chosen = self.watchers if watchers is None else list(watchers)
        self._wait(lambda: [each for each in chosen if not each.is_live], "live", timeout)

    def wait_for(
        self, position: int, watchers: Iterable[RecordingWatcher] | None = None, timeout: float = TIMEOUT
    ) -> None:
        """Wait until these watchers, or all, have received everything up to this position."""
        chosen = self.watchers if watchers is None else list(watchers)

        def behind() -> list[RecordingWatcher]:
            late = [each for each in chosen if each.cursor < position]
            if late and time.monotonic() - self._last_ping > PING_INTERVAL:
                self._last_ping = time.monotonic()
                self._loop.call_soon_threadsafe(self._ping, late)
            return late

        self._wait(behind, f"at {position}", timeout)

    def check(self) -> None:
        """Raise the error of a watcher that has failed."""
        for task, watcher in list(self._tasks.items()):
            if task.done() and not task.cancelled():
                task.result()
            assert not watcher.broken, watcher.broken

    def _wait(self, late: Callable[[], list[RecordingWatcher]], what: str, timeout: float) -> None:
        def done() -> bool:
            self.check()
            return not late()

        try:
            wait_until(done, f"{len(self.watchers)} watchers to be {what}", timeout)
        except TimeoutError as error:
            for watcher in late()[:3]:
                error.add_note(f"{watcher.format} {watcher.streams}: at {watcher.cursor}, {watcher.doing}")
                error.add_note(f"It ended with {watcher.endings[-1:]} and was refused with {watcher.refusals[-1:]}.")
            error.add_note(f"{len(late())} watchers are not.")
            raise

    def _start(self, watchers: list[RecordingWatcher]) -> None:
        for watcher in watchers:
            self._tasks[self._loop.create_task(watcher.follow())] = watcher

    def _ping(self, watchers: list[RecordingWatcher]) -> None:
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


async def _ping(watcher: RecordingWatcher) -> None:
    with suppress(ConnectionClosed):
        await watcher.ping()
