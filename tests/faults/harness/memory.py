"""How much memory the servers take, while something happens to them."""

from collections.abc import Sequence

import psutil

from tests.faults.harness.beside import Beside
from tests.support.servers import Server

EVERY = 0.1
"""Seconds between two looks."""


class Memory(Beside):
    """Looks at the servers in a thread of its own; `peak` is the most that one process had resident, in MiB."""

    def __init__(self, servers: Sequence[Server]) -> None:
        super().__init__()
        self.peak = 0.0
        self._servers = servers

    def _work(self) -> None:
        while not self.over.wait(EVERY):
            for server in list(self._servers):
                self.peak = max(self.peak, resident(server))


def resident(server: Server) -> float:
    """MiB; 0 for one that doesn't run."""
    try:
        used: int = psutil.Process(server.pid).memory_info().rss
    except (AssertionError, psutil.Error):
        return 0.0
    return used / 2**20
