"""A proxy whose connections can fail like those of a network."""

import ctypes
import selectors
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from urllib.parse import urlsplit

from tests.faults.harness.background import BackgroundTask

HOST = "127.0.0.1"
BLOCK = 2**16

SO_ATTACH_FILTER = 26
"""The number of this socket option on Linux (asm-generic/socket.h)."""
DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)
"""A program for the kernel's packet filter (linux/filter.h) that drops every packet."""


class Proxy(BackgroundTask):
    """Forwards connections to `port` to the server at `url`."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._to = (urlsplit(url).hostname or HOST, urlsplit(url).port or 0)
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        user, at, _ = urlsplit(url).netloc.rpartition("@")
        self.url = urlsplit(url)._replace(netloc=f"{user}{at}{HOST}:{self.port}").geturl()
        self._links: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._open)
        self._lock = threading.Lock()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        super().__exit__(kind, error, at)
        for end in [self._listener, *self._links]:
            end.close()
        self._selector.close()

    def half_open(self) -> int:
        """Make the current links half open: neither end gets a reset, and no packet passes, not even a keepalive. New
        links work. Returns the number of links."""
        return self._stop_forwarding(_drop_all)

    def silence(self) -> int:
        """Stop forwarding on the current links. The kernels at both ends still answer keepalives. Returns the number of
        links."""
        return self._stop_forwarding(lambda _: None)

    def _stop_forwarding(self, harm: Callable[[socket.socket], None]) -> int:
        with self._lock:
            ends = [end for end in self._links if end in self._selector.get_map()]
            for end in ends:
                harm(end)
                self._selector.unregister(end)
        return len(ends) // 2

    def _work(self) -> None:
        while not self.stopped.is_set():
            with self._lock:
                for key, _ in self._selector.select(0):
                    key.data()
            self.stopped.wait(0.002)

    def _open(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(self._to, timeout=5)
        except OSError:
            near.close()
            return
        self._links |= {near: far, far: near}
        for end in (near, far):
            self._selector.register(end, selectors.EVENT_READ, partial(self._forward, end))

    def _forward(self, end: socket.socket) -> None:
        other = self._links.get(end)
        if other is None:  # closed a moment ago, with its other end
            return
        with suppress(OSError):
            if block := end.recv(BLOCK):
                other.sendall(block)
                return
        for each in (end, other):
            self._selector.unregister(each)
            del self._links[each]
            each.close()


def _drop_all(end: socket.socket) -> None:
    program = ctypes.create_string_buffer(DROP_ALL)
    end.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))
