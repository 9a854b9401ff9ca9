"""Makes a database refuse to write: the disk is full, or PostgreSQL is read-only."""

from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import psycopg
from psycopg.sql import SQL, Identifier

from tests.support.databases import name_of

MAX_FILE_SIZE = 4096
"""Bytes that a file may have: too few for any write of SQLite's, and enough for some lines in the log."""


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    """The process can't write to files beyond their first few bytes. It can still write to sockets.

    The kernel refuses the write as on a full disk. Works on Linux only, and needs no privileges.
    """
    process = psutil.Process(pid)
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (MAX_FILE_SIZE, before[1]))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_FSIZE, before)


@contextmanager
def read_only_postgresql(database_url: str) -> Iterator[None]:
    """PostgreSQL refuses to write to the database, like a replica after a failover.

    All connections are ended, at the beginning and at the end. `database_url` must be a superuser's.
    """
    set_read_only(database_url, "on")
    try:
        yield
    finally:
        set_read_only(database_url, "off")


def set_read_only(database_url: str, value: str) -> None:
    name = name_of(database_url)
    with psycopg.connect(database_url, autocommit=True, options="-c default_transaction_read_only=off") as connection:
        setting = SQL("ALTER DATABASE {} SET default_transaction_read_only = {}")
        connection.execute(setting.format(Identifier(name), Identifier(value)))
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        connection.execute(others, [name])
