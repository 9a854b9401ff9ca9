"""Runs the code of kinds, which may fail. One event must never stop the feed, or a page, for the others."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DEFAULT_DB_ALIAS, InterfaceError, InternalError, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

T = TypeVar("T")
MAX_REPORTED = 1000
TIMED_OUT = {"57014", "55P03"}
"""PostgreSQL's codes for `statement_timeout` and `lock_timeout`."""

logger = logging.getLogger(__name__)
_reported: set[tuple[object, ...]] = set()


def attempt(what: str, kind: object, work: Callable[[], T], instead: Callable[[], T], using: str | None = None) -> T:
    """Return what `work` returns. If it fails, log the error once and return what `instead` returns.

    what: a verb for the log message, such as "load".
    kind: the kind of the event.
    Raises what `work` raises if the database is out of order: that isn't the event's fault, and the caller tries again.
    """
    connection = connections[using or DEFAULT_DB_ALIAS]
    try:
        # SQLite goes on after an error.
        if not connection.in_atomic_block or connection.vendor == "sqlite":
            return work()
        with lazy_savepoint(connection):
            return work()
    except Exception as error:
        if is_outage(error) and not is_single_statement(error):
            raise
        report_event(what, kind, error)
        return instead()


@contextmanager
def lazy_savepoint(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A savepoint that the first query makes. After a failed query PostgreSQL refuses everything else in a transaction;
    but most guarded code makes no query at all."""
    is_made = False
    with ExitStack() as stack:

        def make_first(execute: Callable[..., Any], *query: Any) -> Any:
            nonlocal is_made
            if not is_made:
                is_made = True  # first, because SAVEPOINT comes through here as well
                stack.enter_context(transaction.atomic(connection.alias))
            return execute(*query)

        with connection.execute_wrapper(make_first):
            yield


def report_event(what: str, kind: object, error: Exception) -> None:
    report(what, f"an event of kind {kind!r}", error)


def report(what: str, whom: str, error: Exception) -> None:
    """Log the error with its traceback, once for each type of error at the same work."""
    key = (what, whom, type(error))
    if key in _reported:
        return
    if len(_reported) >= MAX_REPORTED:
        _reported.clear()
    _reported.add(key)
    message = "Failed to %s %s; further failures like this one are not logged"
    logger.error(message, what, whom, exc_info=error)


def forget_reports() -> None:
    """Log errors again that were logged before."""
    _reported.clear()


def is_single_statement(error: Exception) -> bool:
    """Whether only this statement failed, because it ran too long or waited too long for a lock: a migration that locks
    the table of one kind must not hold up the others."""
    return getattr(error.__cause__, "sqlstate", None) in TIMED_OUT


def is_outage(error: BaseException | None) -> bool:
    """Whether the database is at fault, and not the query."""
    if isinstance(error, SessionInterrupted):  # Django hides the error of a session it can't save
        error = error.__context__ and error.__context__.__context__
    if not isinstance(error, OperationalError | InternalError | InterfaceError):
        return False
    # SQLite raises OperationalError for an unknown table, too, and PostgreSQL for a transaction that has failed.
    driver_error = error.__cause__
    mistaken = getattr(driver_error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    return not mistaken and getattr(driver_error, "sqlstate", None) != "25P02"
