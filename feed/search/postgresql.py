"""PostgreSQL: an index on an expression of each table."""

from collections.abc import Iterable, Sequence
from typing import Any

from feed.search.index import Index
from feed.search.words import Term

MAX_TEXT = 100_000
"""Characters of a text that are searched. PostgreSQL refuses a row whose words take more than a megabyte."""
MATCH = """
    SELECT feed_event.id FROM feed_event JOIN {table} AS searched ON searched.{key} = feed_event.id
    WHERE {words} @@ to_tsquery('simple', %s) AND feed_event.audience = ANY(%s) AND feed_event.kind <> ALL(%s)
        AND feed_event.id < %s
    ORDER BY feed_event.id DESC
"""


def is_supported(connection: Any) -> bool:
    return True


def create(index: Index) -> list[str]:
    return [f"CREATE INDEX {_quoted(index.name)} ON {_quoted(index.table)} USING gin ({_expression(index)})"]


def drop(index: Index) -> list[str]:
    return [f"DROP INDEX IF EXISTS {_quoted(index.name)}"]


def prepare(connection: Any, indexes: Iterable[Index]) -> None:
    pass  # PostgreSQL looks in what waits, too


def existing(connection: Any, indexes: Iterable[Index]) -> set[Index]:
    """Those of the indexes that are there."""
    by_name = {index.name: index for index in indexes}
    with connection.cursor() as cursor:
        valid = "SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indisvalid AND relname = ANY(%s)"
        cursor.execute(valid, [[*by_name]])
        return {by_name[name] for (name,) in cursor.fetchall()}


def match(index: Index) -> str:
    """The statement for the keys of the newest rows with the words, and its parameters: the words, audiences, hidden
    kinds, and the id that all keys are below."""
    words = _expression(index, "searched.")
    return MATCH.format(table=_quoted(index.table), key=_quoted(index.key), words=words)


def as_list(values: Sequence[str]) -> list[str]:
    return list(values)


def words(terms: Iterable[Term]) -> str:
    """The terms as to_tsquery() reads them. Between quotes it reads no operators."""
    return " & ".join(f"'{_escaped(term.text)}'{':*' if term.is_prefix else ''}" for term in terms)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''")


def _expression(index: Index, of: str = "") -> str:
    """The words of a row. The index is used for this very expression only."""
    texts = " || ' ' || ".join(f"coalesce({of}{_quoted(each)}, '')" for each in index.columns)
    return f"to_tsvector('simple', left({texts}, {MAX_TEXT}))"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
