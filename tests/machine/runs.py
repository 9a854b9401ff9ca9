"""Runs the machine: with the same steps every time, or with new random steps.

MACHINE_RUNS=500 script/test tests/machine/test_machine.py     500 runs with new random steps
MACHINE_SEED=123 script/test tests/machine/test_machine.py -o faulthandler_timeout=0
                                                               one of these runs again, shrunk to the steps that matter
"""

import os
import secrets

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.machine import FeedMachine


def seeds() -> list[int]:
    if number := os.environ.get("MACHINE_SEED"):
        return [int(number)]
    if number := os.environ.get("MACHINE_RUNS"):
        return [secrets.randbelow(10**9) for _ in range(int(number))]
    return [1, 2, 3]


def run(machine: type[FeedMachine], number: int) -> None:
    shrink = [Phase.shrink] if "MACHINE_SEED" in os.environ else []
    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=9,  # Later examples are mostly small variations of earlier ones, and find little.
            stateful_step_count=50,
            phases=[Phase.generate, *shrink],
            report_multiple_bugs=False,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
