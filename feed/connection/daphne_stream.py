"""Fast path: server-sent events on Daphne. The connection is the push producer of Twisted's HTTP channel.

Relies on: `send` being a partial of a method whose first argument is Twisted's request; the `channel` of the request,
its `transport` and `persistent`; `chunked` and `finished`; and what feed/connection/daphne.py relies on.
Gains: flow control; and a frame is serialized once for all clients, and written without a turn of the reactor.
Without it: ASGI's `send`, which has no flow control.
"""

import asyncio
from typing import Any

from twisted.web.http import HTTPChannel, Request

from feed.connection.asgi import Send
from feed.connection.daphne import write_now
from feed.connection.sockets import MAX_UNSENT, limit_unsent
from feed.connection.streaming import StreamConnection
from feed.frames.formats import Frame


class DaphneStream(StreamConnection):
    can_drain = True
    server = "daphne"

    def __init__(self, send: Send, request: Any) -> None:
        super().__init__(send)
        self._request = request
        self._transport = request.channel.transport
        self._transport.bufferSize = MAX_UNSENT
        limit_unsent(self._transport.getHandle())
        request.channel.registerProducer(self, True)
        request.channel.persistent = False  # this response is the last one on its connection

    @staticmethod
    def protocol_of(send: Send) -> Any:
        request = next(iter(getattr(send, "args", ())), None)
        is_http_1 = isinstance(request, Request) and isinstance(request.channel, HTTPChannel)
        return request if is_http_1 else None

    def write(self, frame: Frame) -> None:
        if self._request.finished or self._request.channel is None:
            return
        if self._request.chunked:
            write_now(self._transport, frame.chunk)
        else:  # HTTP/1.0
            self._request.write(frame.event)

    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's name)
        self._pause_writing()

    def resumeProducing(self) -> None:  # noqa: N802
        self._resume_writing()

    def stopProducing(self) -> None:  # noqa: N802
        self._resume_writing()

    def abort(self) -> None:
        self._transport.abortConnection()

    def close(self, timeout: float) -> None:
        super().close(timeout)
        # A closing transport first writes what it holds, however long that takes.
        asyncio.get_running_loop().call_later(timeout, self.abort)
