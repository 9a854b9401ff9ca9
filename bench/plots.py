"""Draws the plots of docs/benchmarks.md, as SVG."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "rill"  # equal figures make equal files
mpl.rcParams["svg.fonttype"] = "none"

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402

from bench.result import Curve, PeerResult  # noqa: E402

OURS, OTHERS = "#0b7285", "#adb5bd"
PROCESSES = "growth: processes"


def write(folder: Path, peer_results: Sequence[PeerResult], curves: Sequence[Curve]) -> None:
    """Write the plots for which there are results. The others stay as they are."""
    folder.mkdir(exist_ok=True)
    if peer_results:
        fanout(folder / "fanout.svg", peer_results)
    if curves:
        growth(folder / "growth.svg", [curve for curve in curves if not curve.what.startswith(PROCESSES)])


def fanout(file: Path, peer_results: Sequence[PeerResult]) -> None:
    figure, (rates, delays) = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True)
    names = [peer_result.name for peer_result in peer_results][::-1]
    points = [peer_result.point for peer_result in peer_results if peer_result.point][::-1]
    colours = [OURS if name.startswith("rill") else OTHERS for name in names]
    rates.barh(names, [point.rate for point in points], color=colours)
    rates.set(xscale="log", xlabel="deliveries a second, in a burst")
    delays.barh(names, [point.p99 for point in points], color=colours, alpha=0.45, label="p99")
    delays.barh(names, [point.p50 for point in points], color=colours, label="p50")
    delays.set(xscale="log", xlabel="ms from commit to client, 20 events a second (p50, p99)")
    for axes in (rates, delays):
        remove_frame(axes)
    figure.suptitle(f"Events of 550 bytes to {points[0].x:,} watchers, one core")
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def growth(file: Path, curves: Sequence[Curve]) -> None:
    figure, (rates, delays, memories) = plt.subplots(1, 3, figsize=(12, 4))
    for curve in curves:
        name = curve.what.removeprefix("growth: ")
        watchers = [point.x for point in curve.points]
        rates.plot(watchers, [point.rate for point in curve.points], marker="o", label=name)
        (line,) = delays.plot(watchers, [point.p50 for point in curve.points], marker="o", label=name)
        delays.plot(watchers, [point.p99 for point in curve.points], marker="o", ls=":", color=line.get_color())
        memories.plot(watchers, [point.memory for point in curve.points], marker="o", label=name)
    rates.set(xscale="log", yscale="log", xlabel="watchers", ylabel="deliveries a second, in a burst")
    delays.set(xscale="log", yscale="log", xlabel="watchers", ylabel="ms to the client: p50, and p99 dotted")
    memories.set(xscale="log", yscale="log", xlabel="watchers", ylabel="MiB that all of them take")
    for axes in (rates, delays, memories):
        remove_frame(axes)
        axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def remove_frame(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
