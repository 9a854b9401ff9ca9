from tests.faults import clients_hostile
from tests.faults.conftest import Playing, short_forms
from tests.faults.registry import Fault, Ground
from tests.faults.report import summary


@short_forms(clients_hostile)
def test_nothing_is_lost_doubled_or_out_of_order(fault: Fault, ground: Ground, play_short: Playing) -> None:
    row = play_short(fault, ground)
    assert row.passed, summary([row])
