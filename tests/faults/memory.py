"""How much memory the servers take, while something happens to them."""

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import psutil

from tests.servers import Server

EVERY = 0.1
"""Seconds between two looks."""


class Memory:
    """Looks at the servers in a thread of its own; `peak` is the most that one process had resident, in MiB."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self.peak = 0.0
        self._servers = servers
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            for server in list(self._servers):
                self.peak = max(self.peak, resident(server))


def resident(server: Server) -> float:
    """MiB; 0 for one that doesn't run."""
    try:
        used: int = psutil.Process(server.pid).memory_info().rss
    except (AssertionError, psutil.Error):
        return 0.0
    return used / 2**20
