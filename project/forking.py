"""What a forked process must not share with its parent: the connections to the database.

Celery, `gunicorn --preload` and multiprocessing fork. Two processes that talk over one connection mix up their
questions and answers. So the child forgets the connections of the thread that forked, the only thread that it has, and
opens its own.
"""

import ctypes
import os
import sqlite3
from pathlib import Path
from typing import Any

from django.db import connections


def forget_connections() -> None:
    for wrapper in connections.all(initialized_only=True):
        if wrapper.connection is None or _is_in_memory(wrapper):
            continue
        if isinstance(wrapper.connection, sqlite3.Connection):
            _leave_file(wrapper.connection)
        else:
            leave_socket(wrapper.connection)
        wrapper.connection = None  # Django opens another when it needs one, and no transaction is open in it


def leave_socket(connection: Any) -> None:
    """Give up this process's part of a connection to PostgreSQL. The server isn't told, as the parent goes on with it.

    If the child kept the socket, the server would not notice the end of the parent. Its number now stands for nothing,
    and not for the next file that is opened, in case somebody still holds the connection."""
    if not connection.closed:
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), connection.fileno())


def _leave_file(connection: sqlite3.Connection) -> None:
    """SQLite counts the locks on a file by process, and the child has a copy of the count. While the parent's
    connection is open here, a new one takes locks for granted that only the parent has; what it writes after the parent
    has gone is lost. To close it is safe unless a transaction is open, which it would roll back in memory that the
    parent shares: then it stays, for ever, and the child can't write."""
    if connection.in_transaction:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
    else:
        connection.close()


def _is_in_memory(wrapper: Any) -> bool:
    """Such a database is copied with the process, and nothing is shared."""
    return wrapper.vendor == "sqlite" and bool(wrapper.is_in_memory_db())
