"""The databases and channel layers that servers are measured with."""

import os
from dataclasses import dataclass
from typing import Self

from bench.compiled import Missing


@dataclass(frozen=True)
class Services:
    """Where PostgreSQL and Redis are. Without PostgreSQL there is SQLite; without both, a peer runs embedded."""

    postgresql: str | None = None
    redis: str | None = None

    @classmethod
    def from_environment(cls) -> Self:
        """Those that tests.services has started."""
        return cls(os.environ.get("TEST_POSTGRESQL_URL"), os.environ.get("TEST_REDIS_URL"))

    @property
    def embedded(self) -> bool:
        return self.postgresql is None and self.redis is None

    def needed_postgresql(self) -> str:
        if self.postgresql is None:
            raise Missing("There is no PostgreSQL.")
        return self.postgresql

    def needed_redis(self) -> str:
        if self.redis is None:
            raise Missing("There is no Redis.")
        return self.redis


EMBEDDED = Services()
"""SQLite and memory: Rill's default. Rill and the tutorial then save in the server; see bench.servers.embedded."""
