"""Many streams, and users in many audiences: a statement gets their keys as one value, a list in JSON.

As values or statements of their own they would take longer to write and to plan than the database takes to answer.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value

from feed.log.tables import PUBLIC

MANY = 50
"""Audiences from which on they are a list."""
LISTED = {"sqlite": "json_each(%s)", "postgresql": "json_array_elements_text(%s::json)"}
"""The values of a list, as rows with a column `value`."""
KEY = "feed_found_key"
"""The column of a statement for the keys of events. No model has a field of this name."""
GATHERED = {
    "sqlite": "json_each((SELECT json_group_array(newest.{key}) FROM ({rows}) AS newest))",
    "postgresql": "json_array_elements_text((SELECT json_agg(newest.{key}) FROM ({rows}) AS newest))",
}
"""The keys of rows that depend on a list before them, as rows with a column `value`. SQLite has no LATERAL."""
TYPES = {int: "bigint", str: "text"}


def meant_for(audiences: tuple[str, ...]) -> Q | Func:
    """The condition that an event is meant for one of these audiences."""
    if len(audiences) <= MANY:
        return Q(audience__in=audiences)
    return _MeantFor(F("audience"), Value(json.dumps(audiences)))


def as_values(audiences: tuple[str, ...]) -> tuple[str, ...]:
    """The values of the condition in a statement."""
    return audiences if len(audiences) <= MANY else (json.dumps(audiences),)


class _MeantFor(Func):
    """Looks first whether it is public: for most events that is enough. Not a plain IN, for which PostgreSQL may read
    all events of a stream, to join them with the list."""

    template = ""
    output_field = BooleanField()
    conditional = True

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column, listed = self.get_source_expressions()
        name, _ = compiler.compile(column)
        _, values = compiler.compile(listed)
        public = f"{name} = '{PUBLIC}'"
        listed_too = f"{name} IN (SELECT value FROM {LISTED[connection.vendor]})"  # noqa: S608 (a column and a constant)
        return f"({public} OR {listed_too})", list(values)


def newest_among(audiences: Sequence[str], events: QuerySet[Any], size: int) -> list[str]:
    """The audiences that hold the newest `size` of these events: one look at an index for each audience."""
    text, values = events.extra(where=["audience = list.value"])[:1].query.sql_with_params()
    listed = f"{LISTED[connection.vendor]} AS list"
    newest = f"SELECT list.value, ({text}) AS newest FROM {listed} ORDER BY 2 DESC NULLS LAST LIMIT {size:d}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(newest, [*values, json.dumps(audiences)])
        return [name for name, key in cursor.fetchall() if key is not None]


def newest_of_each(statement: str, of: type[Any], size: int) -> str:
    """The statement for the keys of the newest rows for each of several values, which are one value, a list in JSON.

    statement: for one value of this type, which it takes twice, before its other values. Its column is `KEY`. What is
    returned takes the list instead.
    """
    rows = statement.replace("%s", f"CAST(list.value AS {TYPES[of]})", 2)
    found = GATHERED[connection.vendor].format(key=KEY, rows=f"{rows} LIMIT {size:d}")
    listed = LISTED[connection.vendor]
    return f"SELECT CAST(found.value AS bigint) FROM {listed} AS list, {found} AS found"  # noqa: S608
