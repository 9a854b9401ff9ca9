"""How the figures grow from few watchers to many, and from one process to four on the same core."""

from collections.abc import Sequence

from bench.compiled import Missing
from bench.measures.session import median, percentile, session
from bench.result import Curve, Point, Result
from bench.services import Services

NAMES = ("rill-uvicorn", "rill-daphne", "nchan")
WATCHERS = (100, 1000, 10_000)
PROCESSES = {1: "rill-uvicorn", 2: "rill-uvicorn-2", 4: "rill-uvicorn-4"}
BURST, BURSTS, CALM = 50, 3, 10
PER_SECOND = 4.0
MAX_COST_RATIO = 1.25
"""Maximum cost of a delivery with ten times as many watchers, relative to before: 1 (linear), and 0.25 for noise."""


def measure(quick: bool, services: Services) -> list[Result]:
    names, watchers = (NAMES[:1], WATCHERS[:2]) if quick else (NAMES, WATCHERS)
    results: list[Result] = []
    for name in names:
        try:
            curve = curve_of(name, [(count, name) for count in watchers], services)
        except Missing as reason:
            results.append(Result(f"growth: {name}", (("not measured", str(reason)),)))
        else:
            results += [curve, *([linear(curve)] if name.startswith("rill") else [])]
    if not quick:
        results.append(processes_curve(services))
    return results


def curve_of(name: str, steps: Sequence[tuple[int, str]], services: Services) -> Curve:
    return Curve(f"growth: {name}", (), points=tuple(point(peer, count, services) for count, peer in steps))


def point(name: str, watchers: int, services: Services, across: int | None = None) -> Point:
    bursts = BURSTS if name.startswith("rill") else 1
    with session(name, services, watchers, bursts * BURST + CALM) as run:
        rate = median([run.burst(BURST) for _ in range(bursts)])
        delays = run.calm(CALM, PER_SECOND)
        return Point(across or watchers, rate, percentile(delays, 50), percentile(delays, 99), run.memory() / 1024)


def linear(curve: Curve) -> Result:
    """Compare the second point with the last. With the fewest watchers a burst is too short to measure."""
    few, many = curve.points[-1 if len(curve.points) < 3 else 1], curve.points[-1]
    cost = (1 / many.rate) / (1 / few.rate)
    figures = (
        (f"{few.x:,} watchers", f"{few.rate:,.0f} deliveries/s"),
        (f"{many.x:,}", f"{many.rate:,.0f} deliveries/s"),
    )
    return Result(f"{curve.what}, cost of a delivery", figures, cost, MAX_COST_RATIO, "at most")


def processes_curve(services: Services) -> Curve:
    """The same watchers and the same core, shared by more processes. Each process follows the log by itself."""
    points = (point(name, 1000, services, across=number) for number, name in PROCESSES.items())
    return Curve("growth: processes, uvicorn, 1,000 watchers", (), points=tuple(points))
