"""Finds events by their words, newest first.

Not by rank: the texts are short, so that their ranks say little; and a page of the newest costs the same, however many
texts have the word. Both databases read an index backwards and stop at the end of the page.
"""

from collections.abc import Collection, Iterable
from types import ModuleType
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from feed import streams
from feed.kinds.kind import root_model
from feed.search.backends import backend
from feed.search.index import Index, hidden_kinds, indexes
from feed.search.words import Term

END = 2**63 - 1
"""Above all ids."""


def find(user: object, terms: Collection[Term], before: int | None, size: int) -> list[Any]:
    """The newest events with all these words that the user may see: at most `size`, newest first.

    Kinds whose table has no index are left out (feed.W021): to look through a whole table would be slow for everybody.
    """
    if not terms or not (found := backend(connection)):
        return []
    kinds = {index: kind for kind, index in indexes()}
    searched = {index: hidden_kinds(kinds[index]) for index in found.existing(connection, kinds)}
    found.prepare(connection, searched)
    return streams.seen_by(
        user, lambda audiences: _newest(found, searched, [found.words(terms), audiences, before or END], size)
    )


def _newest(found: ModuleType, searched: dict[Index, list[str]], wanted: list[Any], size: int) -> list[Any]:
    """wanted: the words as the database takes them, the audiences, and the id that all events are below."""
    words, audiences, before = wanted
    if not searched:
        return []
    allowed = found.as_list(sorted(audiences))
    values = [(words, allowed, found.as_list(hidden), before) for hidden in searched.values()]
    union = " UNION ALL ".join(_limited(found.match(index), size) for index in searched)
    keys = RawSQL(union, [value for part in values for value in part])  # noqa: S611
    return list(root_model().rows.with_users().with_links().filter(pk__in=keys).newest()[:size])


def _limited(statement: str, size: int) -> str:
    return f"SELECT * FROM ({statement} LIMIT {size:d}) AS part"


def kinds_without_index(using: Any) -> Iterable[type[Any]]:
    """The kinds that the search leaves out."""
    wanted = dict(indexes())
    found = backend(using)
    there = found.existing(using, wanted.values()) if found else set()
    return [kind for kind, index in wanted.items() if index not in there]
