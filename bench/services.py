"""The database servers and channel layers of a measurement."""

import os
from dataclasses import dataclass
from typing import Self

from bench.compiled import Missing


@dataclass(frozen=True)
class Services:
    """The URLs of PostgreSQL and Redis. Without PostgreSQL a peer uses SQLite. Without both it runs embedded."""

    postgresql: str | None = None
    redis: str | None = None

    @classmethod
    def from_environment(cls) -> Self:
        """The services that tests.support.services has started."""
        return cls(os.environ.get("TEST_POSTGRESQL_URL"), os.environ.get("TEST_REDIS_URL"))

    @property
    def embedded(self) -> bool:
        return self.postgresql is None and self.redis is None

    def needed_postgresql(self) -> str:
        if self.postgresql is None:
            raise Missing("PostgreSQL is not running: TEST_POSTGRESQL_URL is not set. Use script/bench.")
        return self.postgresql

    def needed_redis(self) -> str:
        if self.redis is None:
            raise Missing("Redis is not running: TEST_REDIS_URL is not set. Use script/bench.")
        return self.redis


EMBEDDED = Services()
"""SQLite and the in-memory channel layer, Rill's default. Rill and the tutorial then save events in the server process:
see bench.servers.embedded."""
