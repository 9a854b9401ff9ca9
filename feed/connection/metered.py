"""Reads from a client no faster than its budget allows, whatever the server would read."""

import asyncio
from typing import Any

from feed.connection.asgi import Connection, Send
from feed.connection.budget import MAX_MESSAGE, RETRY_AFTER, Budget

ABORT_DELAY = 1.0
"""Seconds in which a client that has sent too much can read why it is disconnected."""


class MeteredConnection(Connection):
    """A connection that stands between a transport and the server's protocol, and passes on what the client sends.

    A client that has spent its budget isn't read from until it has some again. If that goes on, it is disconnected. So
    the client pays for a flood: its data stays in the kernel, and then in its own memory.
    """

    def __init__(self, send: Send, protocol: Any) -> None:
        super().__init__(send)
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._budget = Budget(self._loop.time())
        self._waiting = b""
        self._timer: asyncio.TimerHandle | None = None
        self._is_reading_paused = self._has_ended = False

    def pause_reading(self) -> None:
        self._is_reading_paused = True
        self._start_or_stop_reading()

    def resume_reading(self) -> None:
        self._is_reading_paused = False
        self._pass_on()

    def received(self, data: bytes) -> None:
        """Take data that the transport has read."""
        self._waiting += data
        self._budget.read(len(data), self._loop.time())
        self._pass_on()
        if len(self._waiting) > MAX_MESSAGE:  # the server reads on although it was told not to
            self.abort()

    def _pass_on(self) -> None:
        """Give the protocol what the budget allows. The rest waits."""
        if self._takes_more() and not self._timer:
            size = self._budget.passable(self._waiting, self._loop.time())
            passed, self._waiting = self._waiting[:size], self._waiting[size:]
            self._wait_or_end()
            if passed:
                self._deliver(passed)
        self._start_or_stop_reading()

    def _pause_writing(self) -> None:
        super()._pause_writing()
        self._start_or_stop_reading()

    def _resume_writing(self) -> None:
        super()._resume_writing()
        self._pass_on()

    def _wait_or_end(self) -> None:
        if self._budget.is_exceeded:
            self._timer = self._loop.call_later(ABORT_DELAY, self.abort)
        elif self._budget.is_spent:
            self._timer = self._loop.call_later(RETRY_AFTER, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        self._pass_on()

    def _lost(self) -> None:
        """The connection has ended."""
        self._waiting = b""
        self._has_ended = True
        if self._timer:
            self._timer.cancel()

    def _takes_more(self) -> bool:
        """Whether the protocol may be given data, apart from the budget."""
        return self.is_writable and not self._is_reading_paused and not self._has_ended

    def _start_or_stop_reading(self) -> None:
        may_read = self._takes_more() and not self._timer
        self._start_reading() if may_read else self._stop_reading()

    @staticmethod
    def protocol_of(send: Send) -> Any:
        """The server's protocol, if `send` is of this server."""
        raise NotImplementedError

    def _start_reading(self) -> None:
        raise NotImplementedError

    def _stop_reading(self) -> None:
        raise NotImplementedError

    def _deliver(self, data: bytes) -> None:
        """Give the data to the server's protocol."""
        raise NotImplementedError
