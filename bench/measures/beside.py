"""How much 40 pages a second from the same process delay the frames of 1,000 watchers."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.measures.session import percentile, session, summary
from bench.peers.running import Running
from bench.result import Result, compare
from bench.services import Services
from bench.visitor import visiting

TARGET = 2.0
WATCHERS, PER_SECOND, PAGES = 1000, 20.0, 40.0


def measure(quick: bool, services: Services) -> list[Result]:
    events, rounds = (40, 1) if quick else (200, 3)
    return [beside(server, services, events, rounds) for server in (("uvicorn",) if quick else ("daphne", "uvicorn"))]


def beside(server: str, services: Services, events: int, rounds: int) -> Result:
    alone, together, shown = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        with session(f"rill-{server}", services, WATCHERS, 2 * events) as run:
            alone.append(percentile(run.calm(events, PER_SECOND), 99))
            with pages(run.server, shown):
                together.append(percentile(run.calm(events, PER_SECOND), 99))
    figures = (
        ("p99 beside pages", summary(together, " ms")),
        ("p99 alone", summary(alone, " ms")),
        ("pages a second", summary(shown)),
    )
    return compare(f"pages beside pushes, {server}", figures, together, alone, TARGET, "at most")


@contextmanager
def pages(server: Running, shown: list[float]) -> Iterator[None]:
    with visiting(server.port, PAGES) as visitor:
        yield
    shown.append(visitor.rate())
