"""The connection pool recovers from an outage of PostgreSQL."""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from project.postgresql import POOL
from tests.faults.harness.proxy import Proxy
from tests.support.processes import free_port
from tests.support.servers import Server

TIMEOUT = 5
"""Seconds for a request. The pool's own timeout is twice as long."""
DETECTION_TIMEOUT = 60
"""Seconds. More than Rill needs to detect a dead connection, and much less than the kernel does by default."""
VISITORS = 16

OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
CUT_OFF = f"SELECT pg_terminate_backend(pid) FROM ({OTHERS}) AS others"  # noqa: S608


def test_a_page_is_served_at_once_after_all_connections_were_cut(postgresql_database: str) -> None:
    with Server(database_url=postgresql_database) as server:

        def visit(_: int = 0) -> int:
            status: int = urlopen(server.url("/"), timeout=TIMEOUT).status
            return status

        with ThreadPoolExecutor(VISITORS) as visitors, psycopg.connect(postgresql_database, autocommit=True) as session:
            while len(session.execute(OTHERS).fetchall()) < VISITORS / 2:
                list(visitors.map(visit, range(VISITORS)))
            session.execute(CUT_OFF)
        assert visit() == 200


def silence(proxy: Proxy) -> int:
    return proxy.silence()


def half_open(proxy: Proxy) -> int:
    if sys.platform != "linux":
        pytest.skip("The proxy can make links half open on Linux only.")
    return proxy.half_open()


@pytest.mark.parametrize("harm", [half_open, silence])
def test_a_page_is_served_when_the_idle_connections_are_dead(
    postgresql_database: str, harm: Callable[[Proxy], int]
) -> None:
    with (
        Proxy(postgresql_database) as proxy,
        Server(database_url=postgresql_database, DATABASE_URL=proxy.url) as server,
    ):
        assert urlopen(server.url("/"), timeout=TIMEOUT).status == 200
        assert harm(proxy), "The server had no link to PostgreSQL."
        assert urlopen(server.url("/"), timeout=DETECTION_TIMEOUT).status == 200


def test_a_waiting_request_gets_a_connection_as_soon_as_the_server_is_up(postgresql_url: str) -> None:
    """Even if the pool has given up meanwhile, and no other request comes."""
    url = f"postgresql://127.0.0.1:{free_port()}/nowhere"
    gave_up = threading.Event()

    def give_up(pool: ConnectionPool) -> None:
        POOL["reconnect_failed"](pool)
        gave_up.set()

    options = POOL | {"reconnect_timeout": 0.1, "reconnect_failed": give_up}
    with ConnectionPool(lambda: url, **options) as pool, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lambda: pool.getconn(TIMEOUT))
        assert gave_up.wait(TIMEOUT)
        assert not waiting.done()
        url = postgresql_url
        pool.putconn(waiting.result())
