"""The database backend, in the module where Django looks for it. See project.postgresql."""

import os
import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import OperationalError
from psycopg.pq import ExecStatus
from psycopg_pool import ConnectionPool

from project.forking import abandon_socket
from project.postgresql import POOL

PING_TIMEOUT = 5.0
"""Seconds that an idle connection gets to answer."""


class DatabaseWrapper(base.DatabaseWrapper):
    _connection_pools: dict[str, ConnectionPool[Any]]  # from Django's class, by alias

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection that works. Replace those that broke while they were idle."""
        connection = super().get_new_connection(conn_params)
        for _ in range(POOL["max_size"] if self.pool else 0):
            try:
                ping(connection)
            except TimeoutError:
                self.pool.drain()  # the other connections are probably broken too, and each check would take as long
            except OperationalError:
                pass  # such a check fails at once, so the other connections can be checked too
            else:
                break
            connection.close()
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection

    @classmethod
    def discard_pools(cls) -> None:
        """Discard the pools in a forked process, which doesn't have the threads that maintain them."""
        for pool in cls._connection_pools.values():
            for connection in list(pool._pool):
                abandon_socket(connection)
            pool._closed = True  # otherwise the pool waits for its threads when it is garbage-collected
        cls._connection_pools.clear()


def ping(connection: Any) -> None:
    """Raise OperationalError if the connection is broken, and TimeoutError if no answer comes within PING_TIMEOUT.

    psycopg itself waits for ever on a connection that accepts queries and answers none, because the server hangs or a
    proxy has lost it.
    """
    link, ready = connection.pgconn, select.poll()
    link.send_query(b"")
    ready.register(link.socket, select.POLLIN)
    while link.is_busy():
        if not ready.poll(PING_TIMEOUT * 1000):
            raise TimeoutError
        link.consume_input()
    while result := link.get_result():
        if result.status != ExecStatus.EMPTY_QUERY:  # the server has ended the connection
            raise OperationalError("The connection is broken.")


os.register_at_fork(after_in_child=DatabaseWrapper.discard_pools)
