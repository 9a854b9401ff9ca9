"""Where Django looks for a database backend: see project.postgresql."""

import os
import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import OperationalError
from psycopg.pq import ExecStatus
from psycopg_pool import ConnectionPool

from project.forking import leave_socket
from project.postgresql import POOL

CHECK_TIMEOUT = 5.0
"""Seconds that an idle connection has to answer."""


class DatabaseWrapper(base.DatabaseWrapper):
    _connection_pools: dict[str, ConnectionPool[Any]]  # Django's, by alias

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that works. One that has broken while it was idle is left for the next."""
        connection = super().get_new_connection(conn_params)
        for _ in range(POOL["max_size"] if self.pool else 0):
            try:
                ask(connection)
            except TimeoutError:
                self.pool.drain()  # the others were made at the same time, and would take as long to find out
            except OperationalError:
                pass  # the next is found out at once
            else:
                break
            connection.close()
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection

    @classmethod
    def forget_pools(cls) -> None:
        """In a forked process: it has none of the threads that keep the pools of its parent going."""
        for pool in cls._connection_pools.values():
            for connection in list(pool._pool):
                leave_socket(connection)
            pool._closed = True  # or it would wait for its threads when it is collected
        cls._connection_pools.clear()


def ask(connection: Any) -> None:
    """Raise OperationalError if the connection is broken, and TimeoutError if there is no answer in CHECK_TIMEOUT.

    psycopg itself would wait for ever on a link that takes questions, and answers none: the server hangs, or a proxy
    in between has lost it."""
    link, ready = connection.pgconn, select.poll()
    link.send_query(b"")
    ready.register(link.socket, select.POLLIN)
    while link.is_busy():
        if not ready.poll(CHECK_TIMEOUT * 1000):
            raise TimeoutError
        link.consume_input()
    while result := link.get_result():
        if result.status != ExecStatus.EMPTY_QUERY:  # it was told that it is ended
            raise OperationalError("The connection is broken.")


os.register_at_fork(after_in_child=DatabaseWrapper.forget_pools)
