"""How fast events reach many watchers, in a burst and at a calm rate: Rill, its alternatives, and raw servers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.compiled import Missing
from bench.measures.session import Delays, median, percentile, session, summary
from bench.result import PeerResult, Point, Result, compare
from bench.services import Services

PER_SECOND = 20.0
SERVERS = ("daphne", "uvicorn")


@dataclass(frozen=True)
class Workload:
    """How many events a burst has, and how many are posted at the calm rate.

    The p99 is set by the slowest events, so peers whose p99 is compared get more of them. Bursts are shorter for peers
    that would need minutes for 500 events, and for peers whose rate doesn't depend on the length.
    """

    burst: int
    calm: int


LONGEST, LONG, SHORTER, SHORT = Workload(500, 160), Workload(500, 60), Workload(100, 40), Workload(10, 10)
WORKLOADS = {
    "raw-c": SHORTER,
    "raw-asyncio": SHORTER,
    "rill-uvicorn": LONGEST,
    "rill-uvicorn-asyncio": LONG,
    "rill-daphne": LONG,
    "nchan": LONGEST,
    "ws": SHORTER,
    "socketio": SHORTER,
    "tutorial-uvicorn": SHORT,
    "tutorial-daphne": SHORT,
    "eventstream-uvicorn": SHORT,
    "eventstream-daphne": SHORT,
}
QUICK = ("raw-c", "rill-uvicorn", "nchan", "tutorial-uvicorn")


Round = tuple[float, Delays, float, int]
"""Deliveries a second in the burst, the delays at the calm rate, the memory in KiB, and the missed deliveries."""


@dataclass
class Figures:
    """The figures of one peer. Each list has one entry for each round."""

    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    missed: int = 0

    def add(self, rate: float, delays: Delays, memory: float, missed: int) -> None:
        self.memory.append(memory)
        self.rate.append(rate)
        self.p50.append(percentile(delays, 50))
        self.p99.append(percentile(delays, 99))
        self.missed += missed


def measure(quick: bool, services: Services) -> list[Result]:
    watchers, rounds = (300, 1) if quick else (1000, 3)
    figures, missing = run_rounds(QUICK if quick else tuple(WORKLOADS), services, watchers, rounds, short=quick)
    return [*table(figures, watchers), *missing, *targets(figures)]


def run_rounds(
    names: Sequence[str], services: Services, watchers: int, rounds: int, short: bool
) -> tuple[dict[str, Figures], list[Result]]:
    """Measure all peers in turn, once each round."""
    figures: dict[str, Figures] = {name: Figures() for name in names}
    missing: list[Result] = []
    for _ in range(rounds):
        for name in list(figures):
            try:
                figures[name].add(*one_round(name, services, watchers, WORKLOADS[name], short))
            except Missing as reason:
                del figures[name]
                missing.append(Result(f"fan-out: {name}", (("not measured", str(reason)),)))
    return figures, missing


def one_round(
    name: str, services: Services, watchers: int, workload: Workload, short: bool
) -> tuple[float, Delays, float, int]:
    burst, calm = (min(workload.burst, 200), min(workload.calm, 20)) if short else (workload.burst, workload.calm)
    with session(name, services, watchers, burst + calm) as run:
        rate = run.burst(burst)
        delays = run.calm(calm, PER_SECOND)
        return rate, delays, run.memory(), run.missed()


def table(figures: dict[str, Figures], watchers: int) -> list[Result]:
    return [
        PeerResult(
            f"fan-out to {watchers:,}: {name}",
            (
                ("burst", summary(each.rate, " deliveries/s")),
                ("calm p50", summary(each.p50, " ms")),
                ("calm p99", summary(each.p99, " ms")),
                ("memory", f"{median(each.memory) / watchers:.0f} KiB a watcher"),
                ("missed", f"{each.missed:,}"),
            ),
            name=name,
            point=Point(watchers, median(each.rate), median(each.p50), median(each.p99), median(each.memory) / 1024),
        )
        for name, each in figures.items()
    ]


def targets(figures: dict[str, Figures]) -> list[Result]:
    results = []
    for server, times in zip(SERVERS, (2, 4), strict=True):
        results += compared(figures, f"burst, {server}, against nchan", f"rill-{server}", "nchan", "rate", times)
        tutorial = f"tutorial-{server}"
        results += compared(figures, f"burst, {server}, against the tutorial", f"rill-{server}", tutorial, "rate", 100)
    results += compared(figures, "calm p99, uvicorn, against nchan", "rill-uvicorn", "nchan", "p99", 1.5)
    if {"rill-daphne", "tutorial-daphne"} <= figures.keys():
        ours, theirs = figures["rill-daphne"].p99, figures["tutorial-daphne"].p50
        results.append(result("calm, Daphne: p99 against the tutorial's p50", ours, theirs, 1, "p99"))
    return results


def compared(figures: dict[str, Figures], what: str, ours: str, theirs: str, name: str, target: float) -> list[Result]:
    if not {ours, theirs} <= figures.keys():
        return []
    return [result(what, getattr(figures[ours], name), getattr(figures[theirs], name), target, name)]


def result(what: str, ours: list[float], theirs: list[float], target: float, name: str) -> Result:
    unit = " deliveries/s" if name == "rate" else " ms"
    figures = (("Rill", f"{median(ours):,.0f}{unit}"), ("other", f"{median(theirs):,.0f}{unit}"))
    return compare(what, figures, ours, theirs, target, "at least" if name == "rate" else "at most")
