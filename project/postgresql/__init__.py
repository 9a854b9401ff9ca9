"""PostgreSQL as Django has it, with a pool that is over an outage of the server as soon as the server is.

By itself psycopg's pool doubles its pauses between two tries, up to minutes: it would be down for as long again as
the server was. And it doesn't look whether a connection still works before it hands it out.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool


def try_again(pool: "ConnectionPool[Any]") -> None:
    """Begin anew where the pool gives up: without pauses that have grown, and for those who are waiting, too."""
    pool.check()


POOL: dict[str, Any] = {
    "min_size": 1,
    "max_size": 20,
    "timeout": 10,  # seconds that somebody waits for a connection
    "reconnect_timeout": 5,  # seconds; no pause between two tries is longer than about half of it
    "reconnect_failed": try_again,
}
