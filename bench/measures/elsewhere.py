"""Without Redis: the delay of events that another process posts, and the CPU that an idle server uses.

No doorbell crosses processes there, so the server looks at the database many times a second.
"""

import time

from bench.measures.session import cpu, median, percentile, session, summary
from bench.result import Result
from bench.services import EMBEDDED, Services

MAX_MS, MAX_IDLE = 50.0, 0.01
PER_SECOND = 7.3
"""Doesn't divide a second evenly, so the events are spread over the time between two looks."""


def measure(quick: bool, services: Services) -> list[Result]:
    events, rounds, seconds = (20, 1, 3.0) if quick else (60, 3, 10.0)
    results = []
    for database, where in (("SQLite", EMBEDDED), ("PostgreSQL", Services(services.needed_postgresql(), None))):
        for server in ("uvicorn",) if quick else ("daphne", "uvicorn"):
            measured = [one(f"rill-{server}-elsewhere", where, events, seconds) for _ in range(rounds)]
            results += to_results(f"posted elsewhere, {server} on {database} without Redis", measured)
    return results


def one(name: str, services: Services, events: int, seconds: float) -> tuple[float, float]:
    """The median delay in ms, and the share of a core that the idle server uses."""
    with session(name, services, 1, events) as run:
        delay = percentile(run.calm(events, PER_SECOND), 50)
        started = cpu(run.server)
        time.sleep(seconds)
        return delay, (cpu(run.server) - started) / seconds


def to_results(what: str, measured: list[tuple[float, float]]) -> list[Result]:
    delays, shares = [delay for delay, _ in measured], [share for _, share in measured]
    return [
        Result(f"{what}: ms", (("p50", summary(delays, " ms", 1)),), median(delays), MAX_MS, "at most"),
        Result(f"{what}: a core, idle", (("CPU", summary(shares, "", 4)),), median(shares), MAX_IDLE, "at most"),
    ]
