"""The table of results, and the list of faults."""

from pathlib import Path

from tests.faults import scenarios
from tests.faults.harness.registry import REGISTERED
from tests.faults.harness.report import Row, markdown, plain, summary
from tests.faults.harness.verdict import Verdict
from tests.faults.scenarios import FAULTS, SCENARIOS

GOOD = Row("nothing at all", "daphne", "sqlite", Verdict(committed=2000, delivered=9000, longest_delay=1.25), 99.6)


def test_every_fault_is_in_the_list() -> None:
    files = {file.stem for file in Path(scenarios.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == {scenario.__name__.rpartition(".")[2] for scenario in SCENARIOS}
    assert len(FAULTS) == len(REGISTERED)


def test_each_fault_has_its_own_key_and_name() -> None:
    assert len({fault.key for fault in FAULTS}) == len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_a_row_with_losses_or_an_error_fails() -> None:
    assert GOOD.passed
    assert summary([GOOD]) == "1 passed, 0 failed"
    for wrong in (Verdict(lost=1), Verdict(doubled=1), Verdict(out_of_order=1)):
        assert not Row("a fault", "daphne", "sqlite", wrong).passed
    assert not Row("a fault", "daphne", "sqlite", broken="It has stopped.").passed


def test_the_summary_lists_the_failures_with_their_reasons() -> None:
    rows = [
        Row("a fault", "daphne", "sqlite", Verdict(lost=3)),
        Row("a crash", "uvicorn", "sqlite", broken="It broke."),
    ]
    assert summary([GOOD, *rows]).splitlines() == [
        "FAILED: a fault (daphne, sqlite): 3 lost, 0 doubled, 0 out of order.",
        "FAILED: a crash (uvicorn, sqlite): It broke.",
        "1 passed, 2 failed",
    ]


def test_the_table_is_printed_for_terminals_and_as_markdown() -> None:
    cells = ["nothing at all", "daphne", "sqlite", "2,000", "9,000", "0", "0", "0", "1.25 s", "100 MiB"]
    assert plain([GOOD]).splitlines()[1].split("  ")[0] == "nothing at all"
    assert markdown([GOOD]).splitlines()[2] == f"| {' | '.join(cells)} |"
