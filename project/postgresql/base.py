"""Where Django looks for a database backend: see project.postgresql."""

import os
from contextlib import suppress
from typing import Any

from django.db.backends.postgresql import base
from psycopg import OperationalError
from psycopg_pool import ConnectionPool

from project.forking import leave_socket


class DatabaseWrapper(base.DatabaseWrapper):
    _connection_pools: dict[str, ConnectionPool[Any]]  # Django's, by alias

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that works: where one of the pool doesn't, all that are idle are looked at first."""
        connection = super().get_new_connection(conn_params)
        if self.pool is None or works(connection):
            return connection
        self.pool.putconn(connection)
        self.pool.check()
        return super().get_new_connection(conn_params)

    @classmethod
    def forget_pools(cls) -> None:
        """In a forked process: it has none of the threads that keep the pools of its parent going."""
        for pool in cls._connection_pools.values():
            for connection in list(pool._pool):
                leave_socket(connection)
            pool._closed = True  # or it would wait for its threads when it is collected
        cls._connection_pools.clear()


def works(connection: Any) -> bool:
    with suppress(OperationalError):
        ConnectionPool.check_connection(connection)
        return True
    return False


os.register_at_fork(after_in_child=DatabaseWrapper.forget_pools)
