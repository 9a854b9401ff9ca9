"""A database that refuses: the disk is full, or nobody may write any more."""

from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import psycopg
from psycopg.sql import SQL, Identifier

from tests.support.databases import name_of

ROOM = 4096
"""Bytes that a file may still have: less than any write of SQLite's, and enough for some lines in the log."""


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    """As long as this lasts, the process can't write to a file beyond its first few bytes; to sockets it can.

    The kernel refuses it as on a full disk, in the middle of whatever the process does. Needs Linux, and no rights.
    """
    process = psutil.Process(pid)
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_FSIZE, before)


@contextmanager
def read_only_postgresql(database_url: str) -> Iterator[None]:
    """As long as this lasts, PostgreSQL takes nothing for the database, as a replica would after a failover.

    Who is connected loses the connection, at the beginning and at the end. `database_url` is a superuser's.
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
