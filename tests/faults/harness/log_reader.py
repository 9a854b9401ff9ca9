"""Reads the log again and again while it grows, and checks what watchers rely on."""

from tests.faults.harness.background import BackgroundTask
from tests.faults.harness.database_state import Database

INTERVAL = 0.05
"""Seconds between two reads."""


class LogReader(BackgroundTask):
    """Reads in the background, each time in one snapshot. broken: what it saw, if the log was inconsistent."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.reads = 0
        self.keys: list[int] = []
        self.broken = ""
        self._database = database

    def assert_consistent(self) -> None:
        """Assert that positions never had holes, and that no change ever got another position."""
        assert self.reads, "The log was never read."
        assert not self.broken, self.broken
        kept = [change.pk for change in self._database.state().changes]
        assert kept[: len(self.keys)] == self.keys, "The position of a change has changed."

    def _work(self) -> None:
        while not self.stopped.wait(INTERVAL) and not self.broken:
            head, newer = self._database.newer(len(self.keys))
            positions = [position for position, _ in newer]
            if positions != list(range(len(self.keys) + 1, head + 1)):
                self.broken = f"The log had the positions {positions} after {len(self.keys)}, with the head {head}."
            self.keys += [key for _, key in newer]
            self.reads += 1
