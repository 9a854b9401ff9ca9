"""Server-sent events beside websockets: the same burst, and the same calm rate, to 1,000 watchers of each."""

from bench.measures.fanout import SERVERS, Figures, Workload, one_round
from bench.measures.session import summary
from bench.result import Ratios, Result
from bench.services import Services

WATCHERS, WORKLOAD = 1000, Workload(500, 60)
MIN_RATE, MAX_P99, MAX_MEMORY = 0.8, 1.25, 1.5


def measure(quick: bool, services: Services) -> list[Result]:
    servers, rounds = (("uvicorn",), 1) if quick else (SERVERS, 3)
    return [result for server in servers for result in beside(server, services, rounds, quick)]


def beside(server: str, services: Services, rounds: int, quick: bool) -> list[Result]:
    """The figures of both doors, measured in turn."""
    figures = {name: Figures() for name in (f"rill-{server}-events", f"rill-{server}")}
    for _ in range(rounds):
        for name, each in figures.items():
            each.add(*one_round(name, services, WATCHERS, WORKLOAD, quick))
    events, websockets = figures.values()
    assert (events.missed, websockets.missed) == (0, 0)
    what = f"server-sent events beside websockets, {server}"
    rate = Ratios.of(events.rate, websockets.rate)
    p99 = Ratios.of(events.p99, websockets.p99)
    memory = Ratios.of(events.memory, websockets.memory)
    return [
        Result(
            f"{what}: burst",
            (("events", summary(events.rate, "/s")), ("websockets", summary(websockets.rate, "/s"))),
            rate.median,
            MIN_RATE,
            "at least",
            rate.spread,
        ),
        Result(
            f"{what}: calm p99",
            (("events", summary(events.p99, " ms")), ("websockets", summary(websockets.p99, " ms"))),
            p99.median,
            MAX_P99,
            "at most",
            p99.spread,
        ),
        Result(
            f"{what}: memory of {WATCHERS:,}",
            (("events", summary(events.memory, " KiB")), ("websockets", summary(websockets.memory, " KiB"))),
            memory.median,
            MAX_MEMORY,
            "at most",
            memory.spread,
        ),
    ]
