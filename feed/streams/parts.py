"""Parts of streams, each of which an index finds, and the query for the newest events in them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import FieldError
from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet
from django.db.models.expressions import OrderBy

from feed.log.tables import PUBLIC
from feed.streams.many import KEY, MANY, as_values, meant_for, newest_of_each

MAX_PARTS = 400
"""Queries in one union. SQLite takes 500."""

Statement = tuple[str, list[Any]]
"""A statement, and its values."""


class Part(NamedTuple):
    """Some of a stream's events: the rows of a model that meet a condition, and are meant for one of the audiences."""

    model: type[Any]
    condition: Q
    audiences: tuple[str, ...] = ()
    is_private: bool = False
    """Whether the condition is that of one audience which isn't everybody's."""
    without: tuple[str, ...] = ()
    """Kinds that are left out."""
    kinds: tuple[str, ...] = ()
    """Only these kinds, if there are any."""


class Shape(NamedTuple):
    """What statements for one value have in common, for the same audiences. path: the field that has the value. of: its
    type."""

    model: type[Any]
    path: str
    of: type[Any]
    audiences: int
    is_private: bool
    without: tuple[str, ...]
    kinds: tuple[str, ...]
    is_before: bool


def union(parts: Iterable[Part], before: int | None, size: int) -> Statement:
    """The query for the keys of the newest events in these parts."""
    statements, values = list[str](), list[Any]()
    for statement, parameters in _statements(parts, before, size):
        statements.append(f"SELECT * FROM ({statement}) AS part")  # noqa: S608 (Django compiled it)
        values += parameters
    together = " UNION ".join(statements)
    return f"SELECT * FROM ({together}) AS found ORDER BY 1 DESC LIMIT {size:d}", values  # noqa: S608


def keys_of(statement: str, values: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [key for (key,) in cursor.fetchall()]


def single_lookup(condition: Q) -> tuple[str, Any] | None:
    if len(condition.children) != 1 or condition.negated or not isinstance(condition.children[0], tuple):
        return None
    return condition.children[0]


def query(part: Part, before: int | None) -> QuerySet[Any, int]:
    rows: QuerySet[Any] = part.model.rows.filter(part.condition)
    if part.is_private:
        rows = rows.filter(_IsPrivate("audience"))
    if part.audiences:
        rows = rows.filter(meant_for(part.audiences))
    if part.without:
        rows = rows.exclude(kind__in=part.without)
    if part.kinds:
        rows = rows.filter(kind__in=part.kinds)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    keys: QuerySet[Any, int] = rows.order_by("-pk").annotate(**{KEY: F("pk")}).values_list(KEY, flat=True)
    return keys


def _statements(parts: Iterable[Part], before: int | None, size: int) -> Iterator[Statement]:
    """One for all parts that differ only in a value, and one for each other part."""
    alike: dict[Shape, list[Part]] = defaultdict(list)
    for part in parts:
        shape = _shape(part, before)
        if shape and _compiled(shape):
            alike[shape].append(part)
        else:
            text, values = query(part, before).query.sql_with_params()
            yield f"{text} LIMIT {size:d}", list(values)
    for shape, group in alike.items():
        yield from _of_shape(shape, group, before, size)


def _of_shape(shape: Shape, group: Sequence[Part], before: int | None, size: int) -> Iterator[Statement]:
    values = [part.condition.children[0][1] for part in group]  # type: ignore[index]
    rest = _rest(group[0], before)
    if len(values) > 1 and (for_each := _compiled_for_each(shape)):
        yield newest_of_each(for_each, shape.of, size), [json.dumps(values), *rest]
    else:
        for value in values:
            yield f"{_compiled(shape)} LIMIT {size:d}", [value, *rest]


def _shape(part: Part, before: int | None) -> Shape | None:
    path, value = single_lookup(part.condition) or ("", None)
    if type(value) not in (int, str):
        return None
    audiences = min(len(part.audiences), MANY + 1)
    return Shape(
        part.model, path, type(value), audiences, part.is_private, part.without, part.kinds, before is not None
    )


@lru_cache(1000)
def _compiled(shape: Shape) -> str | None:
    """Cached, because compiling takes longer than everything else. None if the value doesn't go into the statement as
    it is."""
    value = shape.of("1")
    text, parameters, rest = _example(shape, Q((shape.path, value)))
    return text if parameters == (value, *rest) else None


@lru_cache(1000)
def _compiled_for_each(shape: Shape) -> str | None:
    """The statement for a value that comes from a list, and isn't known when the database plans. For a value that is
    equal, it may then look through the rows of other streams, too, if most rows are in a few large ones. For a range,
    and in this order, it takes the index of the field. None if the path ends with a lookup of its own."""
    value = shape.of("1")
    condition = Q((f"{shape.path}__gte", value), (f"{shape.path}__lte", value))
    try:
        text, parameters, rest = _example(shape, condition, F(shape.path).desc())
    except FieldError:
        return None
    return text if parameters == (value, value, *rest) else None


def _example(shape: Shape, condition: Q, *order: OrderBy) -> tuple[str, tuple[Any, ...], list[Any]]:
    """The statement for a condition, its values, and those of them that aren't the condition's."""
    before = 2 if shape.is_before else None
    audiences = tuple(f"audience:{number}" for number in range(shape.audiences))
    part = Part(shape.model, condition, audiences, shape.is_private, shape.without, shape.kinds)
    text, parameters = query(part, before).order_by(*order, "-pk").query.sql_with_params()
    return str(text), tuple(parameters), _rest(part, before)


def _rest(part: Part, before: int | None) -> list[Any]:
    """The values of a statement after that of the condition."""
    last = [] if before is None else [before]
    return [*as_values(part.audiences), *part.without, *part.kinds, *last]


class _IsPrivate(Func):
    """The condition of the index on audiences, word for word: only so SQLite uses it."""

    template = f"(NOT (%(expressions)s = '{PUBLIC}'))"
    output_field = BooleanField()
    conditional = True
