"""Server-sent events beside websockets: the same burst, and the same calm rate, to 1,000 watchers of each."""

from bench.measures.fanout import SERVERS, Figures, Workload, one_round
from bench.measures.session import summary
from bench.result import Better, Result, compare
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

    def compared(what: str, ours: list[float], theirs: list[float], unit: str, target: float, better: Better) -> Result:
        shown = (("events", summary(ours, unit)), ("websockets", summary(theirs, unit)))
        return compare(f"server-sent events beside websockets, {server}: {what}", shown, ours, theirs, target, better)

    return [
        compared("burst", events.rate, websockets.rate, "/s", MIN_RATE, "at least"),
        compared("calm p99", events.p99, websockets.p99, " ms", MAX_P99, "at most"),
        compared(f"memory of {WATCHERS:,}", events.memory, websockets.memory, " KiB", MAX_MEMORY, "at most"),
    ]
