"""Clients that flood the server with pongs, and come back when they are ended: what the others notice of them."""

from bench.measures.session import Session, ms, session, span
from bench.result import Ratios, Result
from bench.services import Services
from tests.faults.floods import Flood
from tests.servers import HOST

WATCHERS = 100
FLOODERS = (1, 5, 20)
PER_SECOND = 20.0
TARGET = 2.0


def measure(quick: bool, services: Services) -> list[Result]:
    events, rounds = (40, 1) if quick else (100, 5)
    return [result for server in ("daphne", "uvicorn") for result in flooded(server, services, events, rounds)]


def flooded(server: str, services: Services, events: int, rounds: int) -> list[Result]:
    """Each number of flooders in turn, each beside none, and again: the machine may be busier at one time."""
    alone: dict[int, list[float]] = {count: [] for count in FLOODERS}
    beside: dict[int, list[float]] = {count: [] for count in FLOODERS}
    with session(f"rill-{server}", services, WATCHERS, 2 * events * rounds * len(FLOODERS)) as played:
        for _ in range(rounds):
            for count in FLOODERS:
                alone[count].append(p99(played, events))
                with Flood(HOST, played.server.port, "pongs", count, again=True):
                    beside[count].append(p99(played, events))
    return [told(server, count, alone[count], beside[count]) for count in FLOODERS]


def p99(played: Session, events: int) -> float:
    return ms(played.calm(events, PER_SECOND), 99)


def told(server: str, count: int, alone: list[float], beside: list[float]) -> Result:
    ratios = Ratios.of(beside, alone)
    figures = (("p99 beside them", span(beside, " ms", 1)), ("without", span(alone, " ms", 1)))
    return Result(f"flood of {count} clients, {server}", figures, ratios.median, TARGET, "at most", ratios.spread)
