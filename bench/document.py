"""Writes the results of a run into docs/benchmarks.md, and its plots into the folder beside it."""

import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench import plots
from bench.cores import CORES
from bench.result import Curve, PeerResult, Result
from tests.support.databases import ROOT

DOCUMENT = ROOT / "docs" / "benchmarks.md"
Table = list[str]
"""The lines of one, from its header on."""
FIGURES = re.compile(r"(?<=<!-- figures -->\n).*(?=<!-- end of figures -->)", re.DOTALL)


def write(results: Sequence[Result], *, are_all: bool) -> None:
    """Write the figures of this run. Those of a whole run replace all others.

    are_all: whether everything was measured. Otherwise the lines of other measures stay.
    """
    peer_results = [result for result in results if isinstance(result, PeerResult)]
    curves = [result for result in results if isinstance(result, Curve)]
    plots.write(DOCUMENT.with_suffix(""), peer_results, curves)
    text = DOCUMENT.read_text()
    tables = [[*targets(results)], [*peers(peer_results)], [*growth(curves)]]
    tables = [table for table in tables if table]
    if not are_all:
        tables = merged(tables_of(text), tables)
    figures = "\n\n".join([machine(), *("\n".join(table) for table in tables)]) + "\n"
    DOCUMENT.write_text(FIGURES.sub(lambda _: figures, text))


def tables_of(text: str) -> list[Table]:
    found = FIGURES.search(text)
    assert found, f"{DOCUMENT} has no place for figures."
    return [part.splitlines() for part in found[0].strip().split("\n\n") if part.startswith("|")]


def merged(old: Iterable[Table], new: Iterable[Table]) -> list[Table]:
    """The new tables, with the lines of the old ones that they lack."""
    tables = {name_of(table[0]): table for table in old}
    for table in new:
        lines = {name_of(line): line for line in [*tables.get(name_of(table[0]), ()), *table]}
        tables[name_of(table[0])] = [*lines.values()]
    return [*tables.values()]


def name_of(line: str) -> str:
    """What the line is about: its cells before the first figure."""
    what, *rest = line.split(" | ")
    return f"{what} {rest[0]}" if rest and rest[0].replace(",", "").isdigit() else what


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {processor()}, {len(CORES)} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}."
    )


def processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def targets(results: Iterable[Result]) -> Iterator[str]:
    yield "| what | measured | ratio (rounds) | target | |"
    yield "| --- | --- | --- | --- | --- |"
    for result in results:
        if result.ratio is None:
            continue
        spread = f" ({result.spread[0]:.2f} to {result.spread[1]:.2f})" if result.spread else ""
        figures = "; ".join(f"{label} {value}" for label, value in result.figures)
        yield f"| {result.what} | {figures} | {result.ratio:.2f}{spread} | {' | '.join(verdict(result))} |"


def verdict(result: Result) -> tuple[str, str]:
    """The target, and whether the result meets it."""
    if result.target is None:
        return "", ""
    return f"{result.better} {result.target:g}", "met" if result.met else "**missed**"


def peers(peer_results: Sequence[PeerResult]) -> Iterator[str]:
    if not peer_results:
        return
    yield f"| {' | '.join(['peer', *(label for label, _ in peer_results[0].figures)])} |"
    yield f"|{' --- |' * (len(peer_results[0].figures) + 1)}"
    for peer_result in peer_results:
        yield f"| {' | '.join([peer_result.name, *(value for _, value in peer_result.figures)])} |"


def growth(curves: Sequence[Curve]) -> Iterator[str]:
    if not curves:
        return
    yield "| growth | watchers or processes | burst | calm p50 / p99 | memory of all watchers |"
    yield "| --- | --- | --- | --- | --- |"
    for curve in curves:
        for point in curve.points:
            delays = f"{point.p50:.0f} / {point.p99:.0f} ms"
            what = curve.what.removeprefix("growth: ")
            yield f"| {what} | {point.x:,} | {point.rate:,.0f} deliveries/s | {delays} | {point.memory:.0f} MiB |"
