"""Runs the code of kinds, which may fail: one event must never stop the feed, or a page, for the others."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DEFAULT_DB_ALIAS, InterfaceError, InternalError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

T = TypeVar("T")
MOST_REPORTED = 1000
GIVEN_UP = {"57014", "55P03"}
"""PostgreSQL's codes for `statement_timeout` and `lock_timeout`."""

logger = logging.getLogger(__name__)
_reported: dict[tuple[object, ...], None] = {}


def attempt(what: str, kind: object, work: Callable[[], T], instead: Callable[[], T], using: str | None = None) -> T:
    """What `work` returns. If it fails, the error is logged once and `instead` is asked.

    what: what is done, for the log: "load", "render". kind: the kind of event that it is done for.
    Raises what `work` raises in an outage of the database: that is tried again, and isn't the event's fault.
    """
    connection = connections[using or DEFAULT_DB_ALIAS]
    try:
        # SQLite goes on after an error.
        if not connection.in_atomic_block or connection.vendor == "sqlite":
            return work()
        with own_savepoint(connection):
            return work()
    except Exception as error:
        if is_outage(error) and not is_of_one_statement(error):
            raise
        report(what, kind, error)
        return instead()


@contextmanager
def own_savepoint(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Roll back to where it began if a query in it fails: after an error PostgreSQL refuses all that follows in the
    transaction. The savepoint is made by the first query, as most of what is tried makes none."""
    made: list[Any] = []

    def make_first(execute: Callable[..., Any], *query: Any) -> Any:
        if not made:
            made.append(None)  # its own statement comes here, too
            made[0] = connection.savepoint()
        return execute(*query)

    try:
        with connection.execute_wrapper(make_first):
            yield
    except Exception:
        if made:
            connection.savepoint_rollback(made[0])
            connection.needs_rollback = False
        raise
    else:
        if made:
            connection.savepoint_commit(made[0])


def report(what: str, kind: object, error: Exception) -> None:
    """Log the error with its traceback, unless one of its type was logged for the same kind before."""
    key = (what, kind, type(error))
    if key in _reported:
        return
    if len(_reported) >= MOST_REPORTED:
        _reported.clear()
    _reported[key] = None
    message = "Failed to %s an event of kind %r; further failures like this one are not logged"
    logger.error(message, what, kind, exc_info=error)


def forget_reports() -> None:
    """Log what fails from now on, whether or not it failed before."""
    _reported.clear()


def is_of_one_statement(error: Exception) -> bool:
    """Whether PostgreSQL has given up this statement alone, as it took too long or waited too long for a lock. A kind
    whose table a migration has locked must not hold up the others."""
    return getattr(error.__cause__, "sqlstate", None) in GIVEN_UP


def is_outage(error: BaseException | None) -> bool:
    """Whether it is the database that can't do what is asked, rather than what is asked being wrong."""
    if isinstance(error, SessionInterrupted):  # for Django, a session that can't be saved is one that was deleted
        error = error.__context__ and error.__context__.__context__
    if not isinstance(error, OperationalError | InternalError | InterfaceError):
        return False
    # SQLite says so of an unknown table as well, and PostgreSQL of a transaction that was broken before.
    driver_error = error.__cause__
    mistaken = getattr(driver_error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    return not mistaken and getattr(driver_error, "sqlstate", None) != "25P02"
