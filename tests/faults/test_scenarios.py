"""Plays the short form of each fault."""

import pytest

from tests.faults.harness.registry import Fault, Ground, play
from tests.faults.harness.report import summary
from tests.faults.scenarios import FAULTS
from tests.support.databases import sqlite_database

SHORT_FORMS = [
    # Those of one scenario share servers; different scenarios run side by side.
    pytest.param(fault, ground, id=fault.on_ground(ground), marks=pytest.mark.xdist_group(fault.scenario))
    for fault in FAULTS
    for ground in fault.short
]


@pytest.mark.parametrize(("fault", "ground"), SHORT_FORMS)
def test_nothing_is_lost_doubled_or_out_of_order(
    fault: Fault, ground: Ground, redis_url: str, request: pytest.FixtureRequest
) -> None:
    if ground[1] == "postgresql":
        row = play(fault, ground, request.getfixturevalue("postgresql_database"), redis_url, "short")
    else:
        with sqlite_database() as url:
            row = play(fault, ground, url, redis_url, "short")
    assert row.passed, summary([row])
