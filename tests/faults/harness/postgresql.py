"""Harms a PostgreSQL database from outside Rill. Each function takes the database's URL."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from tests.support.databases import name_of, run_sql

OTHERS = SQL("FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
CUT_OFF = SQL("SELECT pg_terminate_backend(pid) {}").format(OTHERS)
WAITING = SQL("SELECT count(*) {} AND wait_event_type = 'Lock'").format(OTHERS)


@contextmanager
def session(url: str) -> Iterator[psycopg.Connection]:
    """A session whose transaction is rolled back at the end."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        yield connection
        connection.rollback()


def cut_off(url: str) -> None:
    """End all connections."""
    with session(url) as own:
        own.execute(CUT_OFF)


def sessions_that_wait(url: str) -> int:
    """How many sessions wait for a lock."""
    with session(url) as own:
        row = own.execute(WAITING).fetchone()
    assert row
    return int(row[0])


def refuse(url: str) -> None:
    """Refuse connections, as if the database were down, and end those that exist."""
    with session(url) as own:
        _allow(url, False)
        own.execute(CUT_OFF)


def allow(url: str) -> None:
    """Accept connections again."""
    _allow(url, True)


def set_isolation_level(url: str, level: str) -> None:
    """Set the isolation level of transactions on new connections."""
    statement = SQL("ALTER DATABASE {} SET default_transaction_isolation = {}")
    run_sql(url, statement.format(Identifier(name_of(url)), Literal(level)))


def _allow(url: str, allowed: bool) -> None:
    # Through another database: this one may refuse connections.
    statement = SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}").format(Identifier(name_of(url)), Literal(allowed))
    run_sql(url.replace(f"/{name_of(url)}", "/postgres"), statement)
