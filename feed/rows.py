"""The rows of a kind, each with its user, by a statement that Django puts together once.

To put a statement together takes Django several times as long as the database takes to carry it out, and a hub reads
rows in every cycle.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connections

from feed import guard
from feed.statements import Row, Statement

if TYPE_CHECKING:
    from feed.models import Event

NO_WAIT = "SET LOCAL lock_timeout = '500ms'"
"""For a table that a migration has locked: its events are shown without the fields of their kind until it is done."""
FEW = 10
"""Rows that are read while the log is locked: those of a quiet hub's cycle."""


class Rows:
    """Reads what `kind.rows.filter(id__in=keys).select_related("user")` would, and the same way: Django's own compiler
    says which columns there are, in which order, and what is made of what the database returns for them.

    following: finds the rows that the changes (after, upto] are of, the first few, for PostgreSQL. Not by a join, for
    which it would plan as for many.
    """

    def __init__(self, kind: "type[Event]", using: str) -> None:
        self._kind, self._user, self._using = kind, get_user_model(), using
        one = kind.rows.using(using).filter(id__in=[0]).select_related("user").order_by()
        compiler = one.query.get_compiler(using)
        self._statement, keys = compiler.as_sql()
        assert keys == (0,), "There is one place in the statement, and it is for the keys."
        changed = _CHANGED.format(kind=kind.kind_name(), few=FEW)
        literally = self._statement.replace("{", "{{").replace("}", "}}")  # a column may be called so
        self.following = Statement("rows", literally.replace("IN (%s)", f"= ANY (ARRAY({changed}))"), numbers=2)
        columns = [column for column, *_ in compiler.select]
        self._converters = compiler.get_converters(columns)
        names = [column.target.attname for column in columns]
        width = len(kind._meta.concrete_fields)
        self._own, self._users = names[:width], names[width:]

    def read(self, keys: Collection[int]) -> "Iterator[Event]":
        """Those that there are, in one query; without those that the kind's own fields fail to read."""
        connection = connections[self._using]
        statement = self._statement.replace("%s", ", ".join(str(int(key)) for key in keys))
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql" and not connection.in_atomic_block:
                # In one message, and so in one transaction. In one that is open already it would hold on to its end.
                cursor.execute(f"{NO_WAIT};{statement}")
                cursor.nextset()
            else:
                cursor.execute(statement)
            return self.events(cursor.fetchall())

    def events(self, found: Iterable[Row]) -> "Iterator[Event]":
        """The events that such rows are; without those that the kind's own fields fail to read."""
        connection = connections[self._using]
        for row in found:
            try:
                event = self._event(row, connection)
            except Exception as error:  # noqa: BLE001 (a kind's own from_db or from_db_value)
                guard.report("read", self._kind.kind_name(), error)
            else:
                yield event

    def _event(self, row: Row, connection: object) -> "Event":
        values = self._converted(row, connection)
        event = self._kind.from_db(self._using, self._own, values[: len(self._own)])
        event.user = self._user.from_db(self._using, self._users, values[len(self._own) :])
        return event

    def _converted(self, row: Row, connection: object) -> list[Any]:
        values = list(row)
        for place, (converters, column) in self._converters.items():
            for convert in converters:
                values[place] = convert(values[place], column, connection)
        return values


_CHANGED = """
    SELECT event_id FROM feed_change WHERE position > {{0}} AND position <= {{1}} AND kind = '{kind}'
    ORDER BY position LIMIT {few}
"""


@cache
def rows_of(kind: "type[Event]", using: str = DEFAULT_DB_ALIAS) -> Rows:
    return Rows(kind, using)
