"""Somebody who reads the log again and again while it grows, and sees it as a watcher must be able to rely on it."""

from tests.faults.harness.beside import Beside
from tests.faults.harness.truth import Database

EVERY = 0.05
"""Seconds between two looks."""


class Onlooker(Beside):
    """Looks in a thread of its own, each time in one snapshot. `broken` tells what a reader must never see."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.looks = 0
        self.keys: list[int] = []
        self.broken = ""
        self._database = database

    def assert_content(self) -> None:
        """There was no position without those before it, and what had one has kept it."""
        assert self.looks, "Nobody has looked at the log."
        assert not self.broken, self.broken
        kept = [change.pk for change in self._database.truth().changes]
        assert kept[: len(self.keys)] == self.keys, "A change has another position than it had before."

    def _work(self) -> None:
        while not self.over.wait(EVERY) and not self.broken:
            head, newer = self._database.newer(len(self.keys))
            positions = [position for position, _ in newer]
            if positions != list(range(len(self.keys) + 1, head + 1)):
                self.broken = f"Behind {len(self.keys)} and up to a head of {head} stood {positions}."
            self.keys += [key for _, key in newer]
            self.looks += 1
