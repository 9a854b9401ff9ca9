"""Django's PostgreSQL backend, with a pool that recovers from an outage of the server as soon as the server does.

By itself psycopg's pool doubles the pause between retries, up to minutes, so it can stay down as long again as the
server was. It also hands out connections without checking that they still work.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool


def reconnect(pool: "ConnectionPool[Any]") -> None:
    """Start over when the pool gives up: with short pauses again, and also for callers that already wait."""
    pool.check()


POOL: dict[str, Any] = {
    "min_size": 1,
    "max_size": 20,
    "timeout": 10,  # seconds that a caller waits for a connection
    "reconnect_timeout": 5,  # seconds; limits the pause between two retries to about half of it
    "reconnect_failed": reconnect,
}
