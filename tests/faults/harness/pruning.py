"""The log while it is pruned: what it has held is remembered, to judge by it."""

from tests.faults.harness.truth import Database, Logged, Truth
from tests.support.servers import Server

PRUNE = """
from feed import log
log.prune(Change.objects.get(position={position}).at)
print(log.state().floor)
"""


class PrunedDatabase(Database):
    """As `Database`, but its truth still has the changes that `prune` has taken away."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.url)
        self._pruned: tuple[Logged, ...] = ()

    def truth(self) -> Truth:
        now = super().truth()
        pruned = [change for change in self._pruned if change.position <= now.start]
        return Truth(now.log, (*pruned, *now.changes), now.rows)

    def prune(self, server: Server, position: int) -> int:
        """Forget about all that stands before this position; returns up to where the log is forgotten now.

        Whatever waits for its position must have it before.
        """
        self._pruned = self.truth().changes
        return int(server.shell(PRUNE.format(position=position)))
