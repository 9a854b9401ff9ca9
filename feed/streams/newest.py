"""The newest events of some streams."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, Func, Q, QuerySet
from django.db.models.expressions import RawSQL

from feed.batches import batches
from feed.kinds.kind import root_model
from feed.log.tables import PUBLIC
from feed.streams.audiences import audiences_of
from feed.streams.many import MANY, as_values, meant_for, newest_among
from feed.streams.personal import ordinary
from feed.streams.requested import ONLY_PUBLIC, grouped
from feed.streams.stream import Stream

MAX_PARTS = 400
"""Queries in one union. SQLite takes 500."""


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


def newest(
    events: Any,
    names: Iterable[str],
    before: int | None,
    size: int,
    audiences: Collection[str] = ONLY_PUBLIC,
    without: Sequence[str] = (),
    kinds: Collection[str] = (),
) -> list[Any]:
    """The newest of `events` that are in at least one of the streams and meant for one of the audiences: at most
    `size`, newest first.

    without: kinds that are left out.
    kinds: only events of these kinds, if there are any.

    Each stream is queried for its own newest events by an index. So the cost depends on `size`, and not on how many
    events a stream holds.
    """
    if PUBLIC in names and len(audiences) == 1 and not kinds:  # no union, and so one query less
        listed = events.filter(audience__in=audiences).exclude(kind__in=without)
        return list(listed.before(before).newest()[:size])
    listed = Part(root_model(), Q(), without=tuple(without), kinds=tuple(kinds))
    parts = _parts_of(names, audiences, listed, before, size)
    unions = [_union(some, before, size) for some in batches(parts, MAX_PARTS)]
    # Nearly always there is one, which then is part of the query.
    within = RawSQL(*unions[0]) if len(unions) == 1 else [key for union in unions for key in _keys(*union)]  # noqa: S611
    return list(events.filter(pk__in=within).newest()[:size])


def _parts_of(
    names: Iterable[str], audiences: Collection[str], listed: Part, before: int | None, size: int
) -> list[Part]:
    """What there is to query. listed: the kinds that are wanted."""
    allowed = tuple(sorted(audiences))
    shown, private = listed._replace(audiences=allowed), listed._replace(is_private=True)
    return [
        part._replace(without=listed.without, kinds=listed.kinds)
        for stream, keys in grouped(ordinary(names, audiences))
        for condition in _conditions(stream, keys, shown, before, size)
        for part in _parts(condition, _wanted(condition, allowed, private, before, size))
        if part.model is root_model() or part.model.kind_name() not in listed.without
    ]


def newest_for(
    user: Any,
    events: Any,
    names: Iterable[str],
    before: int | None,
    size: int,
    audiences: Collection[str] | None = None,
    without: Sequence[str] = (),
    kinds: Collection[str] = (),
) -> list[Any]:
    """The newest of `events` in these streams that the user may see.

    audiences: those of the user, if they are known.
    kinds: only events of these kinds, if there are any.
    """
    return seen_by(user, lambda allowed: newest(events, names, before, size, allowed, without, kinds), audiences)


def seen_by(
    user: object, find: Callable[[Collection[str]], list[Any]], audiences: Collection[str] | None = None
) -> list[Any]:
    """What `find` finds for the audiences of the user, who may lose some of them meanwhile.

    audiences: those of the user, if they are known.
    """
    allowed = audiences_of(user) if audiences is None else audiences
    found = find(allowed)
    # While the events were read, the user may have lost access, or an event may have been moved out of sight.
    if any(event.audience != PUBLIC for event in found):
        now = audiences_of(user)
        if now != allowed or any(event.audience not in now for event in found):
            return seen_by(user, find, now)
    return found


def _conditions(stream: Stream, keys: list[str], seen: Part, before: int | None, size: int) -> list[Q]:
    """The newest `size` of the events seen are in at most as many of the streams."""
    return stream.conditions(stream.busiest(keys, _query(seen, before), size) if len(keys) > size else keys)


def _wanted(condition: Q, allowed: tuple[str, ...], private: Part, before: int | None, size: int) -> tuple[str, ...]:
    """All events are a part for each audience. If these are many, the newest `size` events are in few of them."""
    if condition or len(allowed) <= MANY:
        return allowed
    return PUBLIC, *newest_among(allowed, _query(private, before), size)


def _parts(condition: Q, audiences: tuple[str, ...]) -> Iterator[Part]:
    """A part for each side of an OR. All events are a part for each audience."""
    if not condition:
        for each in audiences:
            yield Part(root_model(), Q(audience=each), is_private=each != PUBLIC)
    elif condition.connector == Q.OR and not condition.negated:
        for child in condition.children:
            yield from _parts(child if isinstance(child, Q) else Q(child), audiences)
    else:
        yield _located(condition, audiences)


def _located(condition: Q, audiences: tuple[str, ...]) -> Part:
    """A condition on a field of a kind is looked up in the table of that kind, which has the index."""
    root = root_model()
    if lookup := _single_lookup(condition):
        path, value = lookup
        accessor, _, field = path.partition("__")
        kind = next((kind for kind in root.kinds().values() if kind._meta.model_name == accessor), root)
        if field and kind is not root and root in kind.__bases__:
            return Part(kind, Q((field, value)), audiences)
    return Part(root, condition, audiences, _is_private(condition))


def _is_private(condition: Q) -> bool:
    lookup = _single_lookup(condition)
    return lookup is not None and lookup[0] == "audience" and lookup[1] != PUBLIC


def _single_lookup(condition: Q) -> tuple[str, Any] | None:
    if len(condition.children) != 1 or condition.negated or not isinstance(condition.children[0], tuple):
        return None
    return condition.children[0]


def _union(parts: Iterable[Part], before: int | None, size: int) -> tuple[str, list[Any]]:
    """The query for the keys of the newest events in these parts, and its values."""
    statements, values = list[str](), list[Any]()
    for part in parts:
        statement, parameters = _statement(part, before)
        statements.append(f"SELECT * FROM ({statement} LIMIT {size:d}) AS part")  # noqa: S608 (Django compiled it)
        values += parameters
    union = " UNION ".join(statements)
    return f"SELECT * FROM ({union}) AS found ORDER BY 1 DESC LIMIT {size:d}", values  # noqa: S608


def _keys(union: str, values: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(union, values)
        return [key for (key,) in cursor.fetchall()]


def _statement(part: Part, before: int | None) -> tuple[str, list[Any]]:
    lookup = _single_lookup(part.condition)
    if lookup and type(lookup[1]) in (int, str) and not part.kinds:
        path, value = lookup
        audiences = min(len(part.audiences), MANY + 1)
        shape = part.model, path, type(value), audiences, part.is_private, part.without, before is not None
        if text := _compiled(*shape):  # type: ignore[arg-type]
            return text, [value, *as_values(part.audiences), *part.without, *_listed(before)]
    text, parameters = _query(part, before).query.sql_with_params()
    return text, list(parameters)


@lru_cache(1000)
def _compiled(
    model: type[Any],
    path: str,
    of: type[Any],
    audiences: int,
    is_private: bool,
    without: tuple[str, ...],
    is_before: bool,
) -> str | None:
    """Cached, because for a hundred streams compiling takes longer than everything else. None if the value doesn't go
    into the statement as it is."""
    before = 2 if is_before else None
    part = Part(
        model, Q((path, of("1"))), tuple(f"audience:{number}" for number in range(audiences)), is_private, without
    )
    text, parameters = _query(part, before).query.sql_with_params()
    return str(text) if parameters == (of("1"), *as_values(part.audiences), *without, *_listed(before)) else None


def _query(part: Part, before: int | None) -> QuerySet[Any, int]:
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
    return rows.order_by("-pk").values_list("pk", flat=True)


class _IsPrivate(Func):
    """The condition of the index on audiences, word for word: only so SQLite uses it."""

    template = f"(NOT (%(expressions)s = '{PUBLIC}'))"
    output_field = BooleanField()
    conditional = True


def _listed(before: int | None) -> list[int]:
    return [] if before is None else [before]
