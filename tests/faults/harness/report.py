"""The table of results."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.harness.verdict import Verdict

HEADINGS = (
    *("fault", "server", "database", "events committed", "delivered", "lost", "doubled", "out of order"),
    *("longest delay", "peak memory"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """The result of a fault. memory: that of the largest server process, in MiB. broken: the error, if any."""

    fault: str
    server: str
    database: str
    verdict: Verdict = field(default_factory=Verdict)
    memory: float = 0.0
    broken: str = ""

    @property
    def passed(self) -> bool:
        return not (self.verdict.lost or self.verdict.doubled or self.verdict.out_of_order or self.broken)

    def cells(self) -> tuple[str, ...]:
        if self.broken:
            return (self.fault, self.server, self.database, *["-"] * (len(HEADINGS) - 3))
        counts = (self.verdict.committed, self.verdict.delivered)
        zeros = (self.verdict.lost, self.verdict.doubled, self.verdict.out_of_order)
        numbers = (f"{number:,}" for number in (*counts, *zeros))
        return (
            *(self.fault, self.server, self.database, *numbers),
            *(f"{self.verdict.longest_delay:.2f} s", f"{self.memory:.0f} MiB"),
        )


def plain(rows: Sequence[Row]) -> str:
    """The table for a terminal."""
    table = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(_line(cells, widths) for cells in table)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    words = (cell.ljust(width) for cell, width in zip(cells[:3], widths[:3], strict=True))
    numbers = (cell.rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=True))
    return "  ".join([*words, *numbers]).rstrip()


def markdown(rows: Sequence[Row]) -> str:
    """The table for a document."""
    rule = ["---"] * 3 + ["---:"] * (len(HEADINGS) - 3)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [HEADINGS, rule, *(row.cells() for row in rows)])


def summary(rows: Sequence[Row]) -> str:
    """The failures with their reasons, and how many faults passed and failed."""
    failed = [row for row in rows if not row.passed]
    reasons = (f"FAILED: {row.fault} ({row.server}, {row.database}): {_reason(row)}" for row in failed)
    return "\n".join([*reasons, f"{len(rows) - len(failed)} passed, {len(failed)} failed"])


def _reason(row: Row) -> str:
    verdict = row.verdict
    return row.broken or f"{verdict.lost} lost, {verdict.doubled} doubled, {verdict.out_of_order} out of order."
