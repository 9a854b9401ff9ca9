"""SQLite: a virtual table of FTS5 beside each table, kept by triggers. It has the words, and not the texts."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from feed.search.index import Index
from feed.search.words import Term

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
    # Without the sizes of columns, which only ranking needs: one write less for each text.
    options = f"content={_quoted(index.table)}, content_rowid={_quoted(index.key)}, columnsize=0"
    tokens = "tokenize='unicode61 remove_diacritics 2'"
    table = f"CREATE VIRTUAL TABLE {name} USING fts5({columns}, {options}, {tokens})"
    return [table, *create_triggers(index)]


def create_triggers(index: Index) -> list[str]:
    """The triggers, and an index that is built anew."""
    name, key, table = _quoted(index.name), _quoted(index.key), _quoted(index.table)
    columns = ", ".join(map(_quoted, index.columns))
    new, old = (", ".join(f"{row}.{_quoted(each)}" for each in index.columns) for row in ("new", "old"))
    add = f"INSERT INTO {name}(rowid, {columns}) VALUES (new.{key}, {new});"
    remove = f"INSERT INTO {name}({name}, rowid, {columns}) VALUES ('delete', old.{key}, {old});"
    return [
        f"CREATE TRIGGER {_trigger(index, 'insert')} AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER {_trigger(index, 'delete')} AFTER DELETE ON {table} BEGIN {remove} END",
        f"CREATE TRIGGER {_trigger(index, 'update')} AFTER UPDATE OF {columns} ON {table} BEGIN {remove} {add} END",
        f"INSERT INTO {name}({name}) VALUES ('rebuild')",
    ]


def drop(index: Index) -> list[str]:
    triggers = [f"DROP TRIGGER IF EXISTS {_trigger(index, each)}" for each in TRIGGERS]
    return [*triggers, f"DROP TABLE IF EXISTS {_quoted(index.name)}"]


def existing(connection: Any, indexes: Iterable[Index]) -> set[Index]:
    """Those of the indexes that are there and kept."""
    return {index for index in indexes if len(_parts(connection, index)) == 1 + len(TRIGGERS)}


def without_triggers(connection: Any, indexes: Iterable[Index]) -> list[Index]:
    """Those whose triggers are gone: Django changes a table of SQLite by making a new one, which has no triggers."""
    return [index for index in indexes if _parts(connection, index) == {index.name}]


def _parts(connection: Any, index: Index) -> set[str]:
    names = [index.name, *(f"{index.name}_{each}" for each in TRIGGERS)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE name IN (%s, %s, %s, %s)", names)
        return {name for (name,) in cursor.fetchall()}


def match(index: Index) -> str:
    """The statement for the keys of the newest rows with the words, and its parameters: the words, audiences as JSON,
    hidden kinds as JSON, and the id that all keys are below."""
    return MATCH.format(index=_quoted(index.name))


def as_list(values: Sequence[str]) -> str:
    return json.dumps(values)


def words(terms: Iterable[Term]) -> str:
    """The terms in FTS5's own syntax. Between quotes it reads no operators."""
    return " ".join(f'"{term.text.replace(chr(34), chr(34) * 2)}"{"*" if term.is_prefix else ""}' for term in terms)


def _trigger(index: Index, event: str) -> str:
    return _quoted(f"{index.name}_{event}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
