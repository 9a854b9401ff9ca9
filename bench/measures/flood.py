"""How much clients that flood the server with pongs, and reconnect when cut off, delay the frames of the others."""

from bench.measures.session import percentile, session, summary
from bench.result import Result, compare
from bench.services import Services
from tests.faults.harness.floods import Flood
from tests.support.servers import HOST

WATCHERS = 100
FLOODERS = (1, 5, 20)
PER_SECOND = 20.0
TARGET = 2.0


def measure(quick: bool, services: Services) -> list[Result]:
    # The server ends a flooder after seven seconds. Its reconnects are part of the load.
    events, rounds = (100, 1) if quick else (300, 3)
    return [result for server in ("daphne", "uvicorn") for result in flooded(server, services, events, rounds)]


def flooded(server: str, services: Services, events: int, rounds: int) -> list[Result]:
    """Alternate between no flooders and each number of them, because the load on the machine varies over time."""
    p99: dict[int, list[float]] = {count: [] for count in (0, *FLOODERS)}
    with session(f"rill-{server}", services, WATCHERS, events * rounds * len(p99)) as run:
        for _ in range(rounds):
            for count, figures in p99.items():
                with Flood(HOST, run.server.port, "pongs", count, again=True):
                    figures.append(percentile(run.calm(events, PER_SECOND), 99))
    return [to_result(server, count, p99[count], p99[0]) for count in FLOODERS]


def to_result(server: str, count: int, beside: list[float], without: list[float]) -> Result:
    figures = (("p99 beside them", summary(beside, " ms", 1)), ("without", summary(without, " ms", 1)))
    return compare(f"flood of {count} clients, {server}", figures, beside, without, TARGET, "at most")
