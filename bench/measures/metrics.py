"""What it costs to count, and to count and be asked for the numbers every second."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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
    asked, counted, uncounted = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        asked.append(microseconds("rill-uvicorn-counted", services, events, asked=True))
        counted.append(microseconds("rill-uvicorn-counted", services, events))
        uncounted.append(microseconds("rill-uvicorn-uncounted", services, events))
    return [
        compared("counted", counted, uncounted),
        compared("counted and asked each second", asked, uncounted),
    ]


def compared(name: str, taken: list[float], uncounted: list[float]) -> Result:
    figures = ((name, summary(taken, " µs", 2)), ("uncounted", summary(uncounted, " µs", 2)))
    what = f"CPU time of a frame to one of {WATCHERS:,} watchers, {name}"
    return compare(what, figures, taken, uncounted, TARGET, "at most")


def microseconds(name: str, services: Services, events: int, *, asked: bool = False) -> float:
    """Of the server's CPU, for each frame."""
    with session(name, services, WATCHERS, events) as run:
        if asked:
            scrape(run.server)  # the first request loads what the process hasn't needed before
        before = cpu(run.server)
        with scraping(run.server) if asked else nullcontext():
            run.calm(events, PER_SECOND)
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
