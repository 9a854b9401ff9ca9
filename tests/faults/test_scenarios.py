"""Runs the short form of each fault."""

import pytest

from tests.faults.harness.registry import Fault, Target, run_fault
from tests.faults.harness.report import summary
from tests.faults.scenarios import FAULTS
from tests.support.databases import sqlite_database

SHORT_FORMS = [pytest.param(fault, target, id=fault.name_on(target)) for fault in FAULTS for target in fault.short]


@pytest.mark.parametrize(("fault", "target"), SHORT_FORMS)
def test_no_change_is_lost_doubled_or_out_of_order(
    fault: Fault, target: Target, redis_url: str, request: pytest.FixtureRequest
) -> None:
    if target[1] == "postgresql":
        row = run_fault(fault, target, request.getfixturevalue("postgresql_database"), redis_url, "short")
    else:
        with sqlite_database() as url:
            row = run_fault(fault, target, url, redis_url, "short")
    assert row.passed, summary([row])
