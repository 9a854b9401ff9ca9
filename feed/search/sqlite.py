"""SQLite: a virtual table of FTS5 beside each table, kept by triggers. It has the words, and not the texts.

A new text only waits to be indexed, because FTS5 would make a save a sixth slower. A search first indexes what waits:
many texts at once cost little.
"""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, transaction

from feed.search.index import Index
from feed.search.words import Term

BATCH = 1000
"""Texts that are indexed in one transaction. Other writers wait for it, about 20 ms."""
MAX_SECONDS = 0.5
"""A search indexes no longer than this. After a bulk load the newest texts come first; later searches do the rest."""

MATCH = """
    SELECT {index}.rowid FROM {index} CROSS JOIN feed_event ON feed_event.id = {index}.rowid
    WHERE {index}.{index} MATCH %s AND feed_event.audience IN (SELECT value FROM json_each(%s))
        AND feed_event.kind NOT IN (SELECT value FROM json_each(%s)) AND {index}.rowid < %s
    ORDER BY {index}.rowid DESC
"""
TRIGGERS = ("insert", "update", "delete")


def is_supported(connection: Any) -> bool:
    """Whether this SQLite has FTS5. Nearly all do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'")
        return cursor.fetchone() is not None


def create(index: Index) -> list[str]:
    name, columns = _quoted(index.name), ", ".join(map(_quoted, index.columns))
    # Without the sizes of columns, which only ranking needs.
    options = f"content={_quoted(index.table)}, content_rowid={_quoted(index.key)}, columnsize=0"
    tokens = "tokenize='unicode61 remove_diacritics 2', prefix='1 2 3'"
    return [
        f"CREATE VIRTUAL TABLE {name} USING fts5({columns}, {options}, {tokens})",
        f"CREATE TABLE {_waiting(index)} (id INTEGER PRIMARY KEY)",
        *restore(index),
    ]


def restore(index: Index) -> list[str]:
    """Create the triggers, and index all rows."""
    name, key, table, waiting = _quoted(index.name), _quoted(index.key), _quoted(index.table), _waiting(index)
    columns, old = ", ".join(map(_quoted, index.columns)), ", ".join(f"old.{_quoted(each)}" for each in index.columns)
    add = f"INSERT INTO {waiting} (id) VALUES (new.{key});"
    # FTS5 must be told the old text, and only if it has it.
    is_indexed = f"NOT EXISTS (SELECT 1 FROM {waiting} WHERE id = old.{key})"
    remove = (
        f"INSERT INTO {name} ({name}, rowid, {columns}) SELECT 'delete', old.{key}, {old} WHERE {is_indexed};"
        f" DELETE FROM {waiting} WHERE id = old.{key};"
    )
    return [
        f"CREATE TRIGGER {_trigger(index, 'insert')} AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER {_trigger(index, 'update')} AFTER UPDATE OF {columns} ON {table} BEGIN {remove} {add} END",
        f"CREATE TRIGGER {_trigger(index, 'delete')} AFTER DELETE ON {table} BEGIN {remove} END",
        f"INSERT INTO {name} ({name}) VALUES ('rebuild')",
        f"DELETE FROM {waiting}",
    ]


def drop(index: Index) -> list[str]:
    triggers = [f"DROP TRIGGER IF EXISTS {_trigger(index, each)}" for each in TRIGGERS]
    return [*triggers, f"DROP TABLE IF EXISTS {_quoted(index.name)}", f"DROP TABLE IF EXISTS {_waiting(index)}"]


def prepare(connection: Any, indexes: Iterable[Index]) -> None:
    """Index what waits. If that can't be written, the search finds what is indexed."""
    until = time.monotonic() + MAX_SECONDS
    with suppress(DatabaseError):
        for index in indexes:
            while time.monotonic() < until and _index_newest(connection, index):
                pass


def _index_newest(connection: Any, index: Index) -> bool:
    """Index a batch of the newest texts that wait. Returns whether there were any."""
    waiting, key, columns = _waiting(index), _quoted(index.key), ", ".join(map(_quoted, index.columns))
    newest = f"SELECT min(id) FROM (SELECT id FROM {waiting} ORDER BY id DESC LIMIT {BATCH})"
    with connection.cursor() as cursor:
        if cursor.execute(f"SELECT 1 FROM {waiting} LIMIT 1").fetchone() is None:
            return False
        with transaction.atomic(using=connection.alias):
            (first,) = cursor.execute(newest).fetchone()
            if first is None:  # another search was faster
                return False
            texts = f"SELECT {key}, {columns} FROM {_quoted(index.table)} JOIN {waiting} ON {key} = id"
            add = f"INSERT INTO {_quoted(index.name)} (rowid, {columns}) {texts} WHERE id >= %s ORDER BY id"
            cursor.execute(add, [first])
            cursor.execute(f"DELETE FROM {waiting} WHERE id >= %s", [first])
    return True


def existing(connection: Any, indexes: Iterable[Index]) -> set[Index]:
    """Those of the indexes that are there and kept."""
    return {index for index, parts in _parts(connection, indexes) if parts == 2 + len(TRIGGERS)}


def without_triggers(connection: Any, indexes: Iterable[Index]) -> list[Index]:
    """Those whose triggers are gone."""
    return [index for index, parts in _parts(connection, indexes) if parts == 2]


def _parts(connection: Any, indexes: Iterable[Index]) -> Iterator[tuple[Index, int]]:
    """How many of its tables and triggers each index has."""
    names = {index: {index.name, *(f"{index.name}_{part}" for part in ("waiting", *TRIGGERS))} for index in indexes}
    with connection.cursor() as cursor:
        listed = json.dumps([name for each in names.values() for name in each])
        cursor.execute("SELECT name FROM sqlite_master WHERE name IN (SELECT value FROM json_each(%s))", [listed])
        there = {name for (name,) in cursor.fetchall()}
    return ((index, len(each & there)) for index, each in names.items())


def match(index: Index) -> str:
    """The statement for the keys of the newest rows with the words, and its parameters: the words, audiences as JSON,
    hidden kinds as JSON, and the id that all keys are below."""
    return MATCH.format(index=_quoted(index.name))


def as_list(values: Sequence[str]) -> str:
    return json.dumps(values)


def words(terms: Iterable[Term]) -> str:
    """The terms in FTS5's own syntax. Between quotes it reads no operators."""
    return " ".join(f'"{term.text.replace(chr(34), chr(34) * 2)}"{"*" if term.is_prefix else ""}' for term in terms)


def _waiting(index: Index) -> str:
    return _quoted(f"{index.name}_waiting")


def _trigger(index: Index, event: str) -> str:
    return _quoted(f"{index.name}_{event}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
