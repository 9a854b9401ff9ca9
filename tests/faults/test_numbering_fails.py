from tests.faults import numbering_fails
from tests.faults.conftest import Playing, short_forms
from tests.faults.registry import Fault, Ground
from tests.faults.report import summary


@short_forms(numbering_fails)
def test_nothing_is_lost_doubled_or_out_of_order(fault: Fault, ground: Ground, play_short: Playing) -> None:
    row = play_short(fault, ground)
    assert row.passed, summary([row])
