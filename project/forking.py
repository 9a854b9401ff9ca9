"""Keeps a forked process from sharing database connections with its parent.

Celery, `gunicorn --preload` and multiprocessing fork. Two processes that use one connection mix up their queries and
results. So the child discards the connections of the forking thread, the only thread that it has, and opens its own.
"""

import ctypes
import os
import sqlite3
from pathlib import Path
from typing import Any

from django.db import connections


def discard_connections() -> None:
    for wrapper in connections.all(initialized_only=True):
        if wrapper.connection is None or _is_in_memory(wrapper):
            continue
        if isinstance(wrapper.connection, sqlite3.Connection):
            _abandon_file(wrapper.connection)
        else:
            abandon_socket(wrapper.connection)
        wrapper.connection = None  # Django opens a new one when it needs it, without the parent's transaction


def abandon_socket(connection: Any) -> None:
    """Close this process's copy of a PostgreSQL socket without telling the server, because the parent still uses it.

    If the child kept the socket open, the server would not notice when the parent ends. The descriptor is redirected to
    /dev/null and not closed, or the next opened file could get its number, and old references to the connection would
    use that file.
    """
    if not connection.closed:
        with Path(os.devnull).open("rb") as null:
            os.dup2(null.fileno(), connection.fileno())


def _abandon_file(connection: sqlite3.Connection) -> None:
    """Close this process's copy of an SQLite connection, unless a transaction is open.

    SQLite counts locks on a file by process, and the child inherits the parent's count. While the copy is open, a new
    connection relies on locks that only the parent holds, and loses what it writes after the parent has ended. But
    closing would roll back an open transaction in memory that the parent shares. Then the copy stays open for ever, and
    the child can't write.
    """
    if connection.in_transaction:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
    else:
        connection.close()


def _is_in_memory(wrapper: Any) -> bool:
    """Whether the database is in memory. The child then has its own copy and shares nothing."""
    return wrapper.vendor == "sqlite" and bool(wrapper.is_in_memory_db())
