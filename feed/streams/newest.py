"""The newest events of some streams."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.db.models.expressions import RawSQL

from feed.batches import batches
from feed.kinds.kind import root_model
from feed.log.tables import PUBLIC
from feed.streams.audiences import audiences_of
from feed.streams.many import MANY, newest_among
from feed.streams.parts import MAX_PARTS, Part, keys_of, query, single_lookup, union
from feed.streams.personal import ordinary
from feed.streams.requested import ONLY_PUBLIC, grouped
from feed.streams.stream import Stream


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
    unions = [union(some, before, size) for some in batches(parts, MAX_PARTS)]
    # Nearly always there is one, which then is part of the query.
    within = RawSQL(*unions[0]) if len(unions) == 1 else [key for union in unions for key in keys_of(*union)]  # noqa: S611
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
    return stream.conditions(stream.busiest(keys, query(seen, before), size) if len(keys) > size else keys)


def _wanted(condition: Q, allowed: tuple[str, ...], private: Part, before: int | None, size: int) -> tuple[str, ...]:
    """All events are a part for each audience. If these are many, the newest `size` events are in few of them."""
    if condition or len(allowed) <= MANY:
        return allowed
    return PUBLIC, *newest_among(allowed, query(private, before), size)


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
    if lookup := single_lookup(condition):
        path, value = lookup
        accessor, _, field = path.partition("__")
        kind = next((kind for kind in root.kinds().values() if kind._meta.model_name == accessor), root)
        if field and kind is not root and root in kind.__bases__:
            return Part(kind, Q((field, value)), audiences)
    return Part(root, condition, audiences, _is_private(condition))


def _is_private(condition: Q) -> bool:
    lookup = single_lookup(condition)
    return lookup is not None and lookup[0] == "audience" and lookup[1] != PUBLIC
