"""A way to a server that can break as the networks between machines do."""

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

from tests.faults.harness.beside import Beside

HOST = "127.0.0.1"
BLOCK = 2**16

SO_ATTACH_FILTER = 26
"""Linux's number for it (asm-generic/socket.h)."""
TAKE_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)
"""A program for the kernel's packet filter (linux/filter.h): drop every packet."""


class Proxy(Beside):
    """Passes on what comes to `port`, in both directions, to the server at `url` and back."""

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
        """Make the links of now half open: neither end is told, and nothing passes, not even what the kernels say to
        each other. New ones work. Returns how many they were."""
        return self._stop_passing(_take_nothing)

    def silence(self) -> int:
        """Pass nothing on by the links of now. To the kernels at both ends they seem to work. Returns how many."""
        return self._stop_passing(lambda _: None)

    def _stop_passing(self, harm: Callable[[socket.socket], None]) -> int:
        with self._lock:
            ends = [end for end in self._links if end in self._selector.get_map()]
            for end in ends:
                harm(end)
                self._selector.unregister(end)
        return len(ends) // 2

    def _work(self) -> None:
        while not self.over.is_set():
            with self._lock:
                for key, _ in self._selector.select(0):
                    key.data()
            self.over.wait(0.002)

    def _open(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(self._to, timeout=5)
        except OSError:
            near.close()
            return
        self._links |= {near: far, far: near}
        for end in (near, far):
            self._selector.register(end, selectors.EVENT_READ, partial(self._pass_on, end))

    def _pass_on(self, end: socket.socket) -> None:
        other = self._links.get(end)
        if other is None:  # it was closed a moment ago, with its other end
            return
        with suppress(OSError):
            if block := end.recv(BLOCK):
                other.sendall(block)
                return
        for each in (end, other):
            self._selector.unregister(each)
            del self._links[each]
            each.close()


def _take_nothing(end: socket.socket) -> None:
    program = ctypes.create_string_buffer(TAKE_NOTHING)
    end.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))
