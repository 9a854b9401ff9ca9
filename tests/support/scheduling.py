"""Spreads the tests over the workers of pytest-xdist."""

from xdist.scheduler import LoadScopeScheduling

APART = "tests/faults/"
"""These tests start servers of their own, and take long."""


class ByFile(LoadScopeScheduling):
    """One worker runs all tests of a file, because they share servers; of each version of Django, if there are two."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """What one worker runs together. pytest 9.2 no longer lets xdist mark its groups in the ids of the tests."""
    file, _, test = nodeid.partition("::")
    _, django, version = test.partition("[Django ")
    return nodeid if file.startswith(APART) else f"{file}{django}{version}"
