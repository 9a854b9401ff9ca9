"""The results of a measure."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Better = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True)
class Result:
    """
    figures: what was measured, as pairs of a name and a value with its unit.
    ratio: the figure that is compared with the target, or None if there is nothing to compare.
    target: the limit for the ratio: a minimum or a maximum, as `better` says.
    spread: the lowest and the highest ratio of the rounds.
    """

    what: str
    figures: tuple[tuple[str, str], ...]
    ratio: float | None = None
    target: float | None = None
    better: Better = "at least"
    spread: tuple[float, float] | None = None

    @property
    def met(self) -> bool:
        if self.target is None:
            return True
        if self.ratio is None:
            return False
        return self.ratio >= self.target if self.better == "at least" else self.ratio <= self.target

    def __str__(self) -> str:
        return "  ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        yield self.what
        for label, value in self.figures:
            yield f"{label} {value}"
        if self.ratio is not None:
            spread = f" ({self.spread[0]:.2f} to {self.spread[1]:.2f})" if self.spread else ""
            yield f"ratio {self.ratio:.2f}{spread}"
        if self.target is not None:
            yield f"{self.better} {self.target:g}: {'met' if self.met else 'MISSED'}"


@dataclass(frozen=True, slots=True)
class Point:
    """
    x: the number of watchers, or of processes.
    rate: deliveries a second in a burst.
    p50, p99: ms from the commit to a client at a calm rate of events.
    memory: MiB of all watchers together.
    """

    x: int
    rate: float
    p50: float
    p99: float
    memory: float


@dataclass(frozen=True, slots=True)
class Curve(Result):
    """How the figures of one peer change with the number of watchers or processes."""

    points: tuple[Point, ...] = ()

    def __str__(self) -> str:
        each = (
            f"{point.x:,}: {point.rate:,.0f}/s, {point.p50:.0f}/{point.p99:.0f} ms, {point.memory:.0f} MiB"
            for point in self.points
        )
        return f"{self.what}  {'  '.join(each)}"


@dataclass(frozen=True, slots=True)
class PeerResult(Result):
    """The figures of one peer: the medians of its rounds."""

    name: str = ""
    point: Point | None = None


def compare(
    what: str,
    figures: tuple[tuple[str, str], ...],
    ours: Sequence[float],
    theirs: Sequence[float],
    target: float | None = None,
    better: Better = "at least",
) -> Result:
    """The result of two series of figures, with one pair for each round."""
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    return Result(what, figures, statistics.median(ratios), target, better, (min(ratios), max(ratios)))
