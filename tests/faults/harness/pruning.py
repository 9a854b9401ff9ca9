"""Prunes the log, and remembers the pruned changes for the verdict."""

from tests.faults.harness.database_state import Database, DatabaseState, Logged
from tests.support.servers import Server

PRUNE = """
from feed import log
log.prune(Change.objects.get(position={position}).at)
print(log.state().floor)
"""


class PrunedDatabase(Database):
    """A Database whose state still includes the changes that `prune` has removed."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.url)
        self._pruned: tuple[Logged, ...] = ()

    def state(self) -> DatabaseState:
        now = super().state()
        pruned = [change for change in self._pruned if change.position <= now.start]
        return DatabaseState(now.log, (*pruned, *now.changes), now.rows)

    def prune(self, server: Server, position: int) -> int:
        """Prune the changes before this position. Returns the log's floor.

        No change may be waiting for its position.
        """
        self._pruned = self.state().changes
        return int(server.shell(PRUNE.format(position=position)))
