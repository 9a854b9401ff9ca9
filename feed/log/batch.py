"""Fast path: several statements in one transaction and one message to PostgreSQL.

Relies on: psycopg sending a text without parameters as a simple query, which may hold several statements (PostgreSQL's
documentation, "Multiple Statements in a Simple Query"); and on plans that stay with a session (`PREPARE`).
Gains: a cycle of the hub takes a quarter of the time (one message halves it, and kept plans almost halve it again),
and the log isn't locked during any network round trip.
Without it, and on SQLite: the statements one by one, in a transaction. Behind a pooler: one message without plans.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, DatabaseError, ProgrammingError, connection, connections, transaction
from django.db.backends.utils import CursorWrapper

from feed.fast_path import FastPath
from feed.log.sql import Statement

Row = tuple[Any, ...]
Call = tuple[Statement, tuple[int, ...]]
"""A statement and its parameters."""

LOST_PLANS = {"26000", "42P05", "0A000"}
"""PostgreSQL's codes for a plan that doesn't exist or exists already (a pooler gave us another session), and for a plan
whose columns have other types now (a migration)."""
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"
"""A migration that locks the table of one kind must not hold up the log, which is locked meanwhile."""
SEVERAL_REFUSED = "42601"
"""PostgreSQL's code for a syntax error, with which it refuses several statements in an extended query."""
GENERIC_PLAN = "SET LOCAL plan_cache_mode = force_generic_plan"
"""Otherwise PostgreSQL plans a read of a long log each time: not knowing the numbers, it expects many rows."""

batching = FastPath("Statements are sent to PostgreSQL one by one")
_plans: WeakKeyDictionary[object, set[str]] = WeakKeyDictionary()
"""The names of the plans that each PostgreSQL session keeps."""
_without_plans: set[str] = set()
"""Aliases of the databases whose sessions turned out not to keep plans."""


def execute_batch(calls: Sequence[Call]) -> list[list[Row]]:
    """Execute the statements in one transaction, and return the rows of each statement that returns rows."""
    if supports_batches():
        try:
            return _in_one_message(calls)
        except FastPath.BREAKAGE as error:
            batching.turn_off(error)
        except ProgrammingError as error:
            if _sqlstate(error) != SEVERAL_REFUSED:
                raise
            batching.turn_off(error)
    return _one_by_one(calls)


def supports_batches(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether the database takes several statements in one message. Not with psycopg's `prepare_threshold`, which
    prepares single statements only."""
    database = connections[using]
    if database.vendor != "postgresql" or not batching.is_on:
        return False
    return database.settings_dict["OPTIONS"].get("prepare_threshold") is None


def _one_by_one(calls: Sequence[Call]) -> list[list[Row]]:
    answers: list[list[Row]] = []
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, parameters in calls:
            cursor.execute(statement.render(*parameters))
            answers += [cursor.fetchall()] if cursor.description else []
    return answers


def _in_one_message(calls: Sequence[Call]) -> list[list[Row]]:
    answers: list[list[Row]] = []
    with connection.cursor() as cursor, _noticing_lost_plans():
        has_plans = _prepare(cursor, [statement for statement, _ in calls])
        render = execute_sql if has_plans else Statement.render
        settings = [LOCK_TIMEOUT, GENERIC_PLAN] if has_plans else [LOCK_TIMEOUT]
        cursor.execute(";".join([*settings, *(render(statement, *parameters) for statement, parameters in calls)]))
        more: bool | None = True
        while more:
            answers += [cursor.fetchall()] if cursor.description else []
            more = cursor.nextset()
    return answers


def _prepare(cursor: CursorWrapper, statements: Sequence[Statement]) -> bool:
    """Prepare the statements that this session hasn't prepared yet. Returns whether the session keeps plans.

    Behind a pooler each transaction may get another session, so plans are of no use. Sites say so to Django by
    DISABLE_SERVER_SIDE_CURSORS. If they don't, the first lost plan shows it.
    """
    if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS") or connection.alias in _without_plans:
        return False
    plans = _plans.setdefault(connection.connection, set())
    for statement in statements:
        if plan_name(statement) not in plans:
            cursor.execute(prepare_sql(statement))
            plans.add(plan_name(statement))
    return True


@contextmanager
def _noticing_lost_plans() -> Iterator[None]:
    """If a plan is lost, the error passes, and the hub's next cycle works without plans."""
    try:
        yield
    except DatabaseError as error:
        if _sqlstate(error) in LOST_PLANS:
            _without_plans.add(connection.alias)
        raise


def _sqlstate(error: Exception) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


@cache
def plan_name(statement: Statement) -> str:
    """A name that no other text has: behind a pooler, processes of other releases use the same session."""
    return f"rill_{statement.name}_{sha256(statement.text.encode()).hexdigest()[:12]}"


def prepare_sql(statement: Statement) -> str:
    types = f" ({', '.join(['bigint'] * statement.parameters)})" if statement.parameters else ""
    text = statement.render(*(f"${number + 1}" for number in range(statement.parameters)))
    return f"PREPARE {plan_name(statement)}{types} AS {text}"


def execute_sql(statement: Statement, *parameters: object) -> str:
    return f"EXECUTE {plan_name(statement)}" + (f"({', '.join(map(str, parameters))})" if parameters else "")
