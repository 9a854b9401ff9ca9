"""What it costs to count, and to be asked for the numbers every second."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
    counted, uncounted = list[float](), list[float]()
    for _ in range(rounds):
        counted.append(seconds("rill-uvicorn-counted", services, events, asked=True))
        uncounted.append(seconds("rill-uvicorn-uncounted", services, events, asked=False))
    figures = (("with metrics", summary(counted, " µs", 2)), ("without", summary(uncounted, " µs", 2)))
    what = f"CPU time of a frame to one of {WATCHERS:,} watchers, with metrics and without"
    return [compare(what, figures, counted, uncounted, TARGET, "at most")]


def seconds(name: str, services: Services, events: int, *, asked: bool) -> float:
    """Microseconds of the server for each frame."""
    with session(name, services, WATCHERS, events) as run:
        if asked:
            scrape(run.server)  # the first request loads what the process hasn't needed before
        before = cpu(run.server)
        if asked:
            with scraping(run.server):
                run.calm(events, PER_SECOND)
        else:
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
