"""Statements that every cycle of every hub carries out, all in one transaction.

They are written out, as Django takes longer to put one together than the database to carry it out. To PostgreSQL they
are sent in one message (its documentation, "Multiple Statements in a Simple Query"): one journey instead of six, and
the lock is held for none of them. And it plans them once for each connection, which takes it longer, too, than to carry
them out.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper

Row = tuple[Any, ...]
NO_PLAN_KEPT = {"26000", "42P05", "0A000"}
"""PostgreSQL's codes for a plan that isn't there, and for one that is there already: somebody else's session. And for
one whose columns have other types by now: a migration, and as many old plans as there are sessions in the pool."""
NO_LONG_WAIT = "SET LOCAL lock_timeout = '2s'"
"""A migration that has locked the table of one kind must not hold up the log, whose lock these statements hold."""
ONE_PLAN = "SET LOCAL plan_cache_mode = force_generic_plan"
"""Or PostgreSQL, once the log is long, plans a part of it each time: not knowing which, it takes it to be large."""


@dataclass(frozen=True, slots=True)
class Statement:
    """
    name: part of what PostgreSQL keeps its plan by.
    text: with {0} and {1} in the place of its numbers.
    numbers: how many whole numbers it takes.
    locks: whether it locks the rows that it reads, where rows can be locked.
    """

    name: str
    text: str
    numbers: int = 0
    locks: bool = False

    def written(self, *numbers: object) -> str:
        lock = " FOR UPDATE" if self.locks and connection.features.has_select_for_update else ""
        return self.text.format(*numbers) + lock

    @property
    def key(self) -> str:
        """What PostgreSQL keeps its plan by: the same nowhere for another text, whoever else uses the session."""
        return _key(self)

    def plan(self) -> str:
        types = f" ({', '.join(['bigint'] * self.numbers)})" if self.numbers else ""
        return f"PREPARE {self.key}{types} AS {self.written(*(f'${place + 1}' for place in range(self.numbers)))}"

    def planned(self, *numbers: int) -> str:
        return f"EXECUTE {self.key}" + (f"({', '.join(map(str, numbers))})" if numbers else "")

    def is_in(self, sql: str) -> bool:
        """Whether the statement is carried out by what is sent to the database."""
        return self.planned() in sql or (self.text in sql and not sql.startswith("PREPARE"))


@cache
def _key(statement: Statement) -> str:
    return f"rill_{statement.name}_{sha256(statement.text.encode()).hexdigest()[:12]}"


Call = tuple[Statement, tuple[int, ...]]
"""A statement, and its numbers."""

_kept: WeakKeyDictionary[object, set[str]] = WeakKeyDictionary()
"""By connection to PostgreSQL, the keys of the plans that it keeps."""
_forgetful: set[str] = set()
"""The databases, by Django's aliases, whose connections have turned out not to keep any, or not for good."""


def carry_out(calls: Sequence[Call]) -> list[list[Row]]:
    """Carry them out in one transaction, and return the rows of each that answers with rows."""
    answers: list[list[Row]] = []
    if takes_several():
        with connection.cursor() as cursor, _noticing_who_forgets():
            planned = _plan(cursor, [statement for statement, _ in calls])
            sent = [each.planned(*numbers) if planned else each.written(*numbers) for each, numbers in calls]
            cursor.execute(";".join([NO_LONG_WAIT, *([ONE_PLAN] if planned else []), *sent]))
            more: bool | None = True
            while more:
                answers += [cursor.fetchall()] if cursor.description else []
                more = cursor.nextset()
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement, numbers in calls:
                cursor.execute(statement.written(*numbers))
                answers += [cursor.fetchall()] if cursor.description else []
    return answers


def takes_several() -> bool:
    """Whether the database takes several statements in one message, as one transaction.

    Not where psycopg is asked to prepare what it is given often: that can only be one statement."""
    return connection.vendor == "postgresql" and connection.settings_dict["OPTIONS"].get("prepare_threshold") is None


def _plan(cursor: CursorWrapper, statements: Sequence[Statement]) -> bool:
    """Have each planned that isn't yet; returns whether plans are kept from one transaction to the next.

    They aren't by a pooler that gives each transaction another session. Django is told of it by the setting for its
    own cursors (its documentation, "Transaction pooling and server-side cursors"); or it turns out."""
    if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS") or connection.alias in _forgetful:
        return False
    kept = _kept.setdefault(connection.connection, set())
    for statement in statements:
        if statement.key not in kept:
            cursor.execute(statement.plan())
            kept.add(statement.key)
    return True


@contextmanager
def _noticing_who_forgets() -> Iterator[None]:
    """The cycle that finds it out fails, as one does that can't reach the database; the next has none planned."""
    try:
        yield
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) in NO_PLAN_KEPT:
            _forgetful.add(connection.alias)
        raise
