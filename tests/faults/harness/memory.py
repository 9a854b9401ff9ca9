"""Measures the memory of the servers during a fault."""

from collections.abc import Sequence

import psutil

from tests.faults.harness.background import BackgroundTask
from tests.support.servers import Server

INTERVAL = 0.1
"""Seconds between two measurements."""


class Memory(BackgroundTask):
    """Measures in the background. peak: the largest resident memory of a server process, in MiB."""

    def __init__(self, servers: Sequence[Server]) -> None:
        super().__init__()
        self.peak = 0.0
        self._servers = servers

    def _work(self) -> None:
        while not self.stopped.wait(INTERVAL):
            for server in list(self._servers):
                self.peak = max(self.peak, resident(server))


def resident(server: Server) -> float:
    """The resident memory of the server in MiB; 0 if it isn't running."""
    try:
        used: int = psutil.Process(server.pid).memory_info().rss
    except (AssertionError, psutil.Error):
        return 0.0
    return used / 2**20
