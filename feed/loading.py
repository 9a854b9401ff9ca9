"""Loads events as instances of their own kinds: root rows, then one query for each kind that is there.

The one loader for pages, API, admin and hub. No kind can fail it: an event that its kind can't load is its root row.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS, DatabaseError
from django.db.models import prefetch_related_objects

from feed.guard import attempt, is_of_one_statement
from feed.rows import rows_of

if TYPE_CHECKING:
    from feed.models import Event


BLOCKED = 2.0
"""Seconds for which a kind isn't asked again whose table was locked: each try waits, and a batch would take many."""
_blocked_at: "dict[type[Event], float]" = {}


def in_own_kinds(roots: "Sequence[Event]", copied: Collection[str] = (), using: str | None = None) -> "list[Event]":
    """The same events, each as an instance of its own kind, or as it is if its kind can't be loaded.

    copied: the names of attributes that are taken over from the rows, as annotations are.
    """
    kinds = roots[0].kinds() if roots else {}
    wanted: dict[str, set[int]] = {}
    for root in roots:
        kind = kinds.get(root.kind)
        if root.kind != root.kind_name() and kind and issubclass(kind, root.concrete_model()):
            wanted.setdefault(root.kind, set()).add(root.id)
    found = of_kinds(wanted, kinds, using)
    return [_taken_over(root, found[root.id], copied) if root.id in found else root for root in roots]


def _taken_over(root: "Event", event: "Event", copied: Collection[str]) -> "Event":
    event._state.fields_cache |= root._state.fields_cache
    for name in copied:
        setattr(event, name, getattr(root, name))
    return event


def of_kinds(
    wanted: Mapping[str, Collection[int]], kinds: "Mapping[str, type[Event]]", using: str | None = None
) -> "dict[int, Event]":
    """By their ids, the events of each kind that is named, with their users; without those that can't be loaded."""
    found: dict[int, Event] = {}
    for name, keys in wanted.items():
        if name in kinds:
            found |= _of_kind(kinds[name], list(keys), using or DEFAULT_DB_ALIAS)
    return found


def _of_kind(kind: "type[Event]", keys: Sequence[int], using: str) -> "dict[int, Event]":
    def in_halves() -> "dict[int, Event]":
        """Without the row that makes the database fail, if it isn't the table that does."""
        if len(keys) == 1 or not is_readable(kind, using):
            return {}
        middle = len(keys) // 2
        return _of_kind(kind, keys[:middle], using) | _of_kind(kind, keys[middle:], using)

    if _is_blocked(kind):
        return {}
    return attempt("load", kind.kind_name(), lambda: _read(kind, keys, using), in_halves, using)


def _read(kind: "type[Event]", keys: Sequence[int], using: str) -> "dict[int, Event]":
    try:
        return {event.id: event for event in rows_of(kind, using).read(keys)}
    except DatabaseError as error:
        if is_of_one_statement(error):
            _blocked_at[kind] = time.monotonic()
        raise


def _is_blocked(kind: "type[Event]") -> bool:
    return time.monotonic() - _blocked_at.get(kind, -BLOCKED) < BLOCKED


def is_readable(kind: "type[Event]", using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether the kind's table is there, with the columns that this process knows."""
    if _is_blocked(kind):
        return False
    return attempt("load", kind.kind_name(), lambda: _read(kind, [0], using) == {}, lambda: False, using)


def by_id(model: "type[Event]", keys: Collection[int], tried: Collection[str]) -> "dict[int, Event]":
    """The events (`model` is `Event` itself) with these ids, in their own kinds as far as these can be loaded; with
    their users if these can be.

    tried: the kinds that have been asked for these events already.
    """
    found = list(model.rows.filter(pk__in=keys))
    if found:
        attempt("load the user of", "event", lambda: prefetch_related_objects(found, "user"), lambda: None)
    others = {event.id: event for event in in_own_kinds([event for event in found if event.kind not in tried])}
    return {event.id: event for event in found} | others
