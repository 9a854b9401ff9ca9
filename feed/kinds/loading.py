"""Loads events as instances of their own kinds: the root rows, then one query for each kind among them.

Pages, API, admin and hub use this one loader. No kind can make it fail: an event that its kind can't load is returned
as its root row. It stands below the models, so events are typed `Any` here.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError
from django.db.models import prefetch_related_objects

from feed.kinds import compiled
from feed.kinds.guard import attempt, is_single_statement
from feed.kinds.kind import Kind, is_whole, root_model
from feed.people import loaded_with_events

LOCKED_PAUSE = 2.0
"""Seconds without another read of a kind whose table was locked: each read waits, and a batch would take many."""
_locked_at: dict[type[Kind], float] = {}


def in_own_kinds(roots: Sequence[Any], copied: Collection[str] = (), using: str | None = None) -> list[Any]:
    """The same events, each as an instance of its own kind, or as it is if its kind can't load it.

    copied: names of attributes to copy from the rows, such as annotations.
    """
    kinds = Kind.kinds()
    found = of_kinds([(root.kind, root.id) for root in roots if _has_other_kind(root, kinds)], using)
    return [_with_copied(found[root.id], root, copied) if root.id in found else root for root in roots]


def in_own_kinds_as_found(roots: Sequence[Any], copied: Collection[str] = (), using: str | None = None) -> list[Any]:
    """Like `in_own_kinds`, for rows that were chosen by their audience. An event that was moved to another audience
    since is returned as its row: what it says now may be for others. The log brings the move."""
    events = in_own_kinds(roots, copied, using)
    return [event if event.audience == root.audience else root for root, event in zip(roots, events, strict=True)]


def _has_other_kind(root: Any, kinds: Mapping[str, type[Kind]]) -> bool:
    """Whether the event's kind is derived from the class of this row."""
    return not is_whole(root) and issubclass(kinds.get(root.kind, object), root.concrete_model())


def _with_copied(event: Any, root: Any, names: Collection[str]) -> Any:
    event._state.fields_cache |= root._state.fields_cache
    for name in names:
        setattr(event, name, getattr(root, name))
    return event


def of_kinds(wanted: Iterable[tuple[str, int]], using: str | None = None) -> dict[int, Any]:
    """The events with these kinds and ids, by id and with their users. One query for each kind. Without those that
    can't be loaded."""
    by_kind: dict[str, set[int]] = {}
    for name, key in wanted:
        by_kind.setdefault(name, set()).add(key)
    kinds, found = Kind.kinds(), dict[int, Any]()
    for name, keys in by_kind.items():
        if name in kinds:
            found |= _of_kind(kinds[name], list(keys), using or DEFAULT_DB_ALIAS)
    return found


def _of_kind(kind: type[Kind], keys: Sequence[int], using: str) -> dict[int, Any]:
    def in_halves() -> dict[int, Any]:
        """Leaves out the row that makes the query fail, unless it is the table that does."""
        if len(keys) == 1 or not is_readable(kind, using):
            return {}
        middle = len(keys) // 2
        return _of_kind(kind, keys[:middle], using) | _of_kind(kind, keys[middle:], using)

    if _was_locked(kind):
        return {}
    return attempt("load", kind.kind_name(), lambda: _read(kind, keys, using), in_halves, using)


def _read(kind: type[Kind], keys: Sequence[int], using: str) -> dict[int, Any]:
    try:
        return {event.id: event for event in compiled.read(kind, keys, using)}
    except DatabaseError as error:
        if is_single_statement(error):
            _locked_at[kind] = time.monotonic()
        raise


def _was_locked(kind: type[Kind]) -> bool:
    return time.monotonic() - _locked_at.get(kind, -LOCKED_PAUSE) < LOCKED_PAUSE


def is_readable(kind: type[Kind], using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether the kind's table exists, with the columns that this process knows."""
    if _was_locked(kind):
        return False
    return attempt("load", kind.kind_name(), lambda: _read(kind, [0], using) == {}, lambda: False, using)


def by_id(keys: Collection[int], tried: Collection[str]) -> dict[int, Any]:
    """The events with these ids, whatever their kind: in their own kind and with their user where these can be loaded.

    tried: the kinds in whose tables these events have been looked for already.
    """
    found = list(root_model().rows.filter(pk__in=keys))
    if found:
        users = loaded_with_events()
        attempt("load the user of", "event", lambda: prefetch_related_objects(found, *users), lambda: None)
    in_kinds = in_own_kinds([event for event in found if event.kind not in tried])
    return {event.id: event for event in found} | {event.id: event for event in in_kinds}
