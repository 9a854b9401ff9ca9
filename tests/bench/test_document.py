"""What a run writes into docs/benchmarks.md."""

from pathlib import Path

import pytest

from bench import document, plots
from bench.result import Curve, Point, Result

OLD = """# Benchmarks

<!-- figures -->
Measured on another day.

| what | measured | ratio (rounds) | target | |
| --- | --- | --- | --- | --- |
| saving | rill 1/s | 1.00 | at least 2 | **missed** |
| posting | rill 1/s | 1.00 |  |  |

| growth | watchers or processes | burst | calm p50 / p99 | memory of all watchers |
| --- | --- | --- | --- | --- |
| rill | 100 | 1 deliveries/s | 1 / 1 ms | 1 MiB |
| rill | 1,000 | 1 deliveries/s | 1 / 1 ms | 1 MiB |
<!-- end of figures -->

The end.
"""
SAVING = Result("saving", (("rill", "5/s"),), 5.0, 2.0)
HANDLERS = Result("handlers", (("rill", "7/s"),), 7.0)
GROWTH = Curve("growth: rill", (), points=(Point(1000, 9, 9, 9, 9),))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "benchmarks.md"
    file.write_text(OLD)
    monkeypatch.setattr(document, "DOCUMENT", file)
    monkeypatch.setattr(plots, "write", lambda *arguments: None)
    monkeypatch.setattr(document, "machine", lambda: "Measured today.")
    return file


def rows(file: Path) -> list[str]:
    """The figures without headers."""
    inside = file.read_text().partition("<!-- figures -->")[2].partition("<!-- end")[0]
    return [line for line in inside.splitlines() if line and not line.startswith(("| --- |", "| what", "| growth"))]


def test_a_run_of_some_measures_keeps_the_lines_of_the_others(file: Path) -> None:
    document.write([SAVING, HANDLERS, GROWTH], are_all=False)
    assert rows(file) == [
        "Measured today.",
        "| saving | rill 5/s | 5.00 | at least 2 | met |",
        "| posting | rill 1/s | 1.00 |  |  |",
        "| handlers | rill 7/s | 7.00 |  |  |",
        "| rill | 100 | 1 deliveries/s | 1 / 1 ms | 1 MiB |",
        "| rill | 1,000 | 9 deliveries/s | 9 / 9 ms | 9 MiB |",
    ]
    assert file.read_text().startswith("# Benchmarks\n\n<!-- figures -->\nMeasured today.\n\n| what")
    assert file.read_text().endswith("9 MiB |\n<!-- end of figures -->\n\nThe end.\n")


def test_a_whole_run_replaces_them(file: Path) -> None:
    document.write([SAVING], are_all=True)
    assert rows(file) == ["Measured today.", "| saving | rill 5/s | 5.00 | at least 2 | met |"]
