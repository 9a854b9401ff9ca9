"""What a measure says."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Result:
    """
    figures: what was measured, each with its name and its unit.
    ratio: the figure that the target is about, or None if there was nothing to compare.
    target: what the ratio has to be, as `better` tells.
    spread: the lowest and the highest ratio of the rounds.
    """

    what: str
    figures: tuple[tuple[str, str], ...]
    ratio: float | None = None
    target: float | None = None
    better: Literal["at least", "at most"] = "at least"
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
    x: watchers, or processes.
    rate: deliveries a second in a burst.
    p50, p99: ms from the commit to a client, when events come calmly.
    memory: MiB that all watchers take.
    """

    x: int
    rate: float
    p50: float
    p99: float
    memory: float


@dataclass(frozen=True, slots=True)
class Curve(Result):
    """How something grows."""

    points: tuple[Point, ...] = ()

    def __str__(self) -> str:
        each = (
            f"{point.x:,}: {point.rate:,.0f}/s, {point.p50:.0f}/{point.p99:.0f} ms, {point.memory:.0f} MiB"
            for point in self.points
        )
        return f"{self.what}  {'  '.join(each)}"


@dataclass(frozen=True, slots=True)
class PeerResult(Result):
    """How one peer stands beside the others; the medians of its rounds."""

    name: str = ""
    point: Point | None = None


@dataclass(frozen=True, slots=True)
class Ratios:
    """How one thing compares to another over several rounds, in each of which both were measured."""

    median: float
    spread: tuple[float, float]

    @classmethod
    def of(cls, ours: Sequence[float], theirs: Sequence[float]) -> "Ratios":
        each = [one / other for one, other in zip(ours, theirs, strict=True)]
        return cls(statistics.median(each), (min(each), max(each)))
