"""Which tests one worker runs together."""

import pytest

from tests.support.scheduling import scope_of

SHOP = "tests/adopters/test_shop.py"


@pytest.mark.parametrize(
    ("test", "scope"),
    [
        ("tests/test_live.py::test_one[daphne]", "tests/test_live.py"),
        ("tests/test_live.py::test_two", "tests/test_live.py"),
        (f"{SHOP}::test_one[Django 5.2]", f"{SHOP}[Django 5.2]"),
        (f"{SHOP}::test_two[Django 6.0]", f"{SHOP}[Django 6.0]"),
        ("tests/faults/test_scenarios.py::test_one[a]", "tests/faults/test_scenarios.py::test_one[a]"),
    ],
)
def test_a_file_is_run_by_one_worker_and_faults_are_spread(test: str, scope: str) -> None:
    assert scope_of(test) == scope
