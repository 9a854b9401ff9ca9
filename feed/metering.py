"""Reading from a client no faster than its budget allows, whatever the server's protocol would read."""

import asyncio

from feed.budget import LARGEST, PAUSE, Budget
from feed.flow import Flow, Send

LAST_WORDS = 1.0
"""Seconds in which a client that has sent too much may read why."""


class MeteredFlow(Flow):
    """A flow that stands between a transport and the server's protocol, and passes on what the client sends.

    A client that spends its budget is not read from until it has some again, and is ended if that goes on. So what a
    flood costs, it costs the client that sends it: its data stays in the kernel, and then in its own memory.
    """

    def __init__(self, send: Send) -> None:
        super().__init__(send)
        self._loop = asyncio.get_running_loop()
        self._budget = Budget(self._loop.time())
        self._waiting = b""
        self._timer: asyncio.TimerHandle | None = None
        self._is_held = self._is_over = False

    def hold(self) -> None:
        self._is_held = True
        self._read_or_not()

    def release(self) -> None:
        self._is_held = False
        self._pass_on()

    def received(self, data: bytes) -> None:
        """Take what the transport has read."""
        self._waiting += data
        self._budget.read(len(data), self._loop.time())
        self._pass_on()
        if len(self._waiting) > LARGEST:  # the server reads although it was told not to
            self.abort()

    def _pass_on(self) -> None:
        """Give the protocol what the budget allows, and leave the rest waiting."""
        if self._takes_more() and not self._timer:
            size = self._budget.passable(self._waiting, self._loop.time())
            passed, self._waiting = self._waiting[:size], self._waiting[size:]
            self._wait_or_end()
            if passed:
                self._deliver(passed)
        self._read_or_not()

    def _pause(self) -> None:
        super()._pause()
        self._read_or_not()

    def _resume(self) -> None:
        super()._resume()
        self._pass_on()

    def _wait_or_end(self) -> None:
        if self._budget.is_exceeded:
            self._timer = self._loop.call_later(LAST_WORDS, self.abort)
        elif self._budget.is_spent:
            self._timer = self._loop.call_later(PAUSE, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        self._pass_on()

    def _lost(self) -> None:
        """The connection has ended."""
        self._waiting = b""
        self._is_over = True
        if self._timer:
            self._timer.cancel()

    def _takes_more(self) -> bool:
        """Whether the protocol may be given what the client sends, but for its budget."""
        return self.is_writable and not self._is_held and not self._is_over

    def _read_or_not(self) -> None:
        may_read = self._takes_more() and not self._timer
        self._start_reading() if may_read else self._stop_reading()

    def _start_reading(self) -> None:
        raise NotImplementedError

    def _stop_reading(self) -> None:
        raise NotImplementedError

    def _deliver(self, data: bytes) -> None:
        """Give the data to the server's protocol."""
        raise NotImplementedError
