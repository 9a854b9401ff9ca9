"""The pool of connections to PostgreSQL gets over an outage of the server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

import psycopg
from psycopg_pool import ConnectionPool

from project.postgresql import POOL
from tests.processes import free_port
from tests.servers import Server

PATIENCE = 5
"""Seconds that a request may take: the pool's own time limit is twice as long."""
VISITORS = 16

OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
CUT_OFF = f"SELECT pg_terminate_backend(pid) FROM ({OTHERS}) AS others"  # noqa: S608


def test_pages_are_served_at_once_when_all_connections_were_cut(postgresql_database: str) -> None:
    with Server(database_url=postgresql_database) as server:

        def visit(_: int = 0) -> int:
            status: int = urlopen(server.url("/"), timeout=PATIENCE).status
            return status

        with ThreadPoolExecutor(VISITORS) as visitors, psycopg.connect(postgresql_database, autocommit=True) as session:
            while len(session.execute(OTHERS).fetchall()) < VISITORS / 2:
                list(visitors.map(visit, range(VISITORS)))
            session.execute(CUT_OFF)
        assert visit() == 200


def test_who_waits_for_a_connection_gets_one_as_soon_as_there_is_a_server(postgresql_url: str) -> None:
    """Though the pool has given up meanwhile, and nobody else asks it."""
    url = f"postgresql://127.0.0.1:{free_port()}/nowhere"
    gave_up = threading.Event()

    def give_up(pool: ConnectionPool) -> None:
        POOL["reconnect_failed"](pool)
        gave_up.set()

    options = POOL | {"reconnect_timeout": 0.1, "reconnect_failed": give_up}
    with ConnectionPool(lambda: url, **options) as pool, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lambda: pool.getconn(PATIENCE))
        assert gave_up.wait(PATIENCE)
        assert not waiting.done()
        url = postgresql_url
        pool.putconn(waiting.result())
