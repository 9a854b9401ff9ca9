"""The cost of a watcher that resumes far behind, compared with reading and encoding the same changes once."""

import os
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil
from websockets.sync.client import connect

from bench.cores import CORES, SERVER
from bench.measures.children import measured
from bench.measures.databases import migrated
from bench.result import Result, compare
from bench.services import Services
from tests.support.databases import sqlite_database
from tests.support.servers import Kind, Server

CHANGES, FEWER = 10_000, 5_000
"""FEWER changes are enough to fill all that a hub caches of the log: its tail, and the pages that it read last."""
MAX_TIME = 2.0
MAX_MEMORY = 1.1
TIMEOUT = 60.0
WARMUP, *ROUNDS = ("kind:welcome", "kind:comment", "kind:status_change")
"""The second stream of each watcher. All events are in `public` anyway, but with different streams no watcher is sent
pages that were cached for another."""


@dataclass(frozen=True, slots=True)
class Resumed:
    seconds: float
    cpu: float


def measure(quick: bool, services: Services) -> list[Result]:
    with sqlite_database() as url, sqlite_database() as fewer:
        results = resuming("daphne", "SQLite", url, fewer, quick)
    if quick:
        return results
    with migrated(services.needed_postgresql()) as url, migrated(services.needed_postgresql()) as fewer:
        return [*results, *resuming("uvicorn", "PostgreSQL", url, fewer, quick)]


def resuming(kind: Kind, database: str, url: str, fewer: str, quick: bool) -> list[Result]:
    measured("resumer", "fill", CHANGES, database_url=url)
    measured("resumer", "fill", FEWER, database_url=fewer)
    what = f"resume of {CHANGES:,} changes, {kind} on {database}"
    once, resumed = [], []
    with server(kind, fewer) as few:
        for stream in (WARMUP, *ROUNDS):
            resume(few, FEWER, stream)
        less = peak(few)
    with server(kind, url) as many:
        resume(many, CHANGES, WARMUP)
        for stream in ROUNDS[:1] if quick else ROUNDS:
            read = measured("resumer", "read", database_url=url)
            once.append(Resumed(read["seconds"], read["cpu"]))
            resumed.append(resume(many, CHANGES, stream))
        most = peak(many)
    return [
        compared(f"{what}: seconds", [each.seconds for each in resumed], [each.seconds for each in once]),
        compared(f"{what}: the server's CPU seconds", [each.cpu for each in resumed], [each.cpu for each in once]),
        Result(
            f"{what}: peak memory",
            ((f"{FEWER:,} changes", f"{less:.0f} MiB"), (f"{CHANGES:,} changes", f"{most:.0f} MiB")),
            most / less,
            MAX_MEMORY,
            "at most",
        ),
    ]


def compared(what: str, resumed: list[float], once: list[float]) -> Result:
    figures = (("resumed", f"{statistics.median(resumed):.2f}"), ("read once", f"{statistics.median(once):.2f}"))
    return compare(what, figures, resumed, once, MAX_TIME, "at most")


def server(kind: Kind, url: str) -> Server:
    return Server(kind, database_url=url)


def pin(server: Server) -> None:
    """Pin all threads of a running server to its core."""
    if len(CORES) > 1:
        for thread in Path(f"/proc/{server.pid}/task").iterdir():
            with suppress(ProcessLookupError):  # a thread of psycopg's pool may end meanwhile
                os.sched_setaffinity(int(thread.name), {SERVER})


def resume(server: Server, upto: int, stream: str) -> Resumed:
    """Follow the log from its start until all changes have come."""
    pin(server)
    before, started = cpu(server), time.perf_counter()
    address = server.ws_url(f"after=0&stream=public&stream={stream}")
    with connect(address, max_size=None, compression=None, open_timeout=TIMEOUT) as socket:
        position = received = 0
        while position < upto:
            frame = msgspec.json.decode(socket.recv(timeout=TIMEOUT))
            assert frame["after"] == position, frame
            position = frame["position"]
            received += len(frame["changes"])
        taken = time.perf_counter() - started
    assert received == upto
    return Resumed(taken, cpu(server) - before)


def cpu(server: Server) -> float:
    times = psutil.Process(server.pid).cpu_times()
    return times.user + times.system


def peak(server: Server) -> float:
    """The peak resident memory of the process since its start, in MiB."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
