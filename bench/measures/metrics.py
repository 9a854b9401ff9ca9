"""What it costs to count, and to count and be asked for the numbers every second."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection

from bench.measures.session import cpu, session, summary
from bench.peers.peer import HOST
from bench.peers.running import Running
from bench.result import Result, compare
from bench.services import Services

TARGET = 1.1
WATCHERS, PER_SECOND = 1000, 50.0


def measure(quick: bool, services: Services) -> list[Result]:
    events, rounds = (100, 2) if quick else (400, 5)
    taken: dict[str, list[float]] = {"counted and asked": [], "counted": [], "uncounted": []}
    for _ in range(rounds):
        for name, each in taken.items():
            each.append(microseconds(name, services, events))
    return list(to_results(taken))


def to_results(taken: dict[str, list[float]]) -> Iterator[Result]:
    without = taken["uncounted"]
    for name in ("counted", "counted and asked"):
        figures = ((name, summary(taken[name], " µs", 2)), ("uncounted", summary(without, " µs", 2)))
        what = f"CPU time of a frame to one of {WATCHERS:,} watchers, {name}"
        yield compare(what, figures, taken[name], without, TARGET, "at most")


def microseconds(name: str, services: Services, events: int) -> float:
    """Of the server's CPU, for each frame."""
    how, _, asked = name.partition(" and ")
    with session(f"rill-uvicorn-{how}", services, WATCHERS, events) as run, ExitStack() as stack:
        if asked:
            scrape(run.server)  # the first request loads what the process hasn't needed before
        before = cpu(run.server)
        if asked:
            stack.enter_context(scraping(run.server))
        run.calm(events, PER_SECOND)
        stack.close()
        return (cpu(run.server) - before) / events / WATCHERS * 1e6


@contextmanager
def scraping(server: Running) -> Iterator[None]:
    """Ask for the metrics every second. Prometheus asks every 15 s, or so."""
    ended = threading.Event()

    def scrape_until_end() -> None:
        while not ended.wait(1.0):
            scrape(server)

    thread = threading.Thread(target=scrape_until_end)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def scrape(server: Running) -> None:
    connection = HTTPConnection(HOST, server.port, timeout=30)
    connection.request("GET", "/metrics")
    with connection.getresponse() as response:
        assert b"rill_frames_total" in response.read(), response.status
    connection.close()
