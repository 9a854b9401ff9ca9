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
FIGURES = re.compile(r"(?<=<!-- figures -->\n).*(?=<!-- end of figures -->)", re.DOTALL)


def write(results: Sequence[Result]) -> None:
    """Replace the figures of the last run with those of this one."""
    peer_results = [result for result in results if isinstance(result, PeerResult)]
    curves = [result for result in results if isinstance(result, Curve)]
    plots.write(DOCUMENT.with_suffix(""), peer_results, curves)
    figures = "\n".join([machine(), "", *targets(results), "", *peers(peer_results), "", *growth(curves), ""])
    DOCUMENT.write_text(FIGURES.sub(lambda _: figures, DOCUMENT.read_text()))


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
