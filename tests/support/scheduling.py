"""Spreads the tests over the workers of pytest-xdist."""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

APART = "tests/faults/"
"""These tests start servers of their own, and take long."""


class ByFile(LoadScopeScheduling):
    """One worker runs all tests of a file, because they share servers; of each version of Django, if there are two."""

    is_few = False

    def _assign_work_unit(self, node: Any) -> None:
        """In turns a file of many tests, which compute, and one of few, which wait for servers. The queue begins with
        the files of many: one after the other, those would share the processors, and then leave them idle."""
        if self.is_few:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        self.is_few = not self.is_few
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """What one worker runs together. pytest 9.2 no longer lets xdist mark its groups in the ids of the tests."""
    file, _, test = nodeid.partition("::")
    _, django, version = test.partition("[Django ")
    return nodeid if file.startswith(APART) else f"{file}{django}{version}"
