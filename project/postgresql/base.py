"""Where Django looks for a database backend: see project.postgresql."""

from contextlib import suppress
from typing import Any

from django.db.backends.postgresql import base
from psycopg import OperationalError
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that works: where one of the pool doesn't, all that are idle are looked at first."""
        connection = super().get_new_connection(conn_params)
        if self.pool is None or works(connection):
            return connection
        self.pool.putconn(connection)
        self.pool.check()
        return super().get_new_connection(conn_params)


def works(connection: Any) -> bool:
    with suppress(OperationalError):
        ConnectionPool.check_connection(connection)
        return True
    return False
