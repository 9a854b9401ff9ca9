"""One server with its watchers and its poster, from start to stop, and the measurements on it."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.load import Load, LoadError
from bench.peers import PEERS, Poster, Running, running
from bench.services import Services

TIMEOUT = 90
WARMUP_EVENTS = 5
"""Events that are posted before anything is measured."""

Delays = NDArray[np.float64]


@dataclass
class Session:
    """A running server with its watchers. Marks are assigned in the order in which events are posted."""

    server: Running
    load: Load
    poster: Poster
    memory_before: float
    next_mark: int = 0

    def post(self, count: int) -> None:
        """Post `count` events in one transaction. Doesn't wait for their delivery."""
        self.poster.burst(self._marks(count), count)

    def burst(self, count: int) -> float:
        """Post `count` events in one transaction. Returns deliveries a second, from the commit to the last delivery."""
        first = self._marks(count)
        with waiting_for(self.load, first, count):
            committed = self.poster.burst(first, count)[-1]
        seen = self.load.times()[:, first : first + count]
        delivered = seen[seen > 0]
        return delivered.size / (float(delivered.max()) - committed) * 1e9

    def calm(self, count: int, per_second: float, by: int | None = None) -> Delays:
        """Post one event after the other. Returns the delay of each delivery since the commit, in ms."""
        first = self._marks(count)
        with waiting_for(self.load, first, count, by):
            committed = self.poster.stream(first, count, per_second)
        seen = self.load.times()[:, first : first + count].astype(float)
        seen[seen == 0] = np.nan
        delays: Delays = (seen - np.array(committed, dtype=float)) / 1e6
        return delays[~np.isnan(delays)]

    def warm_up(self) -> None:
        first = self._marks(WARMUP_EVENTS)
        with self.load.expecting(first, WARMUP_EVENTS, TIMEOUT):
            self.poster.stream(first, WARMUP_EVENTS)

    def missed(self) -> int:
        """The number of deliveries that never happened."""
        return int((self.load.times()[:, : self.next_mark] == 0).sum())

    def memory(self) -> float:
        """KiB that the server has allocated since before its first watcher."""
        return memory(self.server) - self.memory_before

    def _marks(self, count: int) -> int:
        first, self.next_mark = self.next_mark, self.next_mark + count
        return first


@contextmanager
def waiting_for(load: Load, first: int, count: int, by: int | None = None) -> Iterator[None]:
    """Wait for the deliveries, but not for ever: some peers lose messages, which are counted as missed."""
    try:
        with load.expecting(first, count, TIMEOUT, by):
            yield
    except LoadError:
        pass


@contextmanager
def session(name: str, services: Services, watchers: int, events: int, path: str | None = None) -> Iterator[Session]:
    """Raises Missing."""
    with (
        running(name, services) as server,
        server.poster() as poster,
        before_watchers(server) as before,
        watching(server, watchers, events + WARMUP_EVENTS, path) as load,
    ):
        load.ready(TIMEOUT)
        made = Session(server, load, poster, before)
        if path is None:
            made.warm_up()
        yield made


@contextmanager
def before_watchers(server: Running) -> Iterator[float]:
    yield memory(server)


def watching(server: Running, watchers: int, events: int = 0, path: str | None = None, **options: Any) -> Load:
    peer = PEERS[server.peer.name]
    return Load(
        server.port,
        path or peer.path,
        watchers=watchers,
        events=events,
        protocol=peer.protocol,
        ready=options.pop("ready", peer.ready),
        **options,
    )


def memory(server: Running) -> float:
    """KiB of memory that the server's processes have written and don't share (Private_Dirty).

    Pages that they only read from files don't count. They are private only until another process reads the same file.
    """
    return sum(_written(process.pid) for process in server.processes())


def _written(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Private_Dirty")).split()[1])


def cpu(server: Running) -> float:
    """CPU seconds that the server has used."""
    return sum(sum(process.cpu_times()[:2]) for process in server.processes())


def percentile(delays: Delays, percent: float) -> float:
    return float(np.percentile(delays, percent))


def median(values: list[float]) -> float:
    return statistics.median(values)


def summary(values: list[float], unit: str = "", digits: int = 0) -> str:
    """The median and the range of the rounds."""
    return f"{median(values):,.{digits}f}{unit} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"
