"""Reads the log and the events from the database.

By SQL, so that the check doesn't depend on the code that it checks.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.faults.harness.received import Row


@dataclass(frozen=True, slots=True)
class Logged:
    """A change in the log."""

    pk: int
    position: int
    event_id: int
    action: str
    streams: frozenset[str]


@dataclass(frozen=True)
class DatabaseState:
    """log: the log's name. changes: its changes, by position. rows: all events, with their streams."""

    log: str
    changes: tuple[Logged, ...]
    rows: dict[int, tuple[Row, frozenset[str]]]

    @cached_property
    def head(self) -> int:
        return self.changes[-1].position if self.changes else 0

    @cached_property
    def start(self) -> int:
        """The position before the oldest change that the log holds."""
        return self.changes[0].position - 1 if self.changes else 0

    def rows_in(self, streams: frozenset[str]) -> dict[int, Row]:
        return {key: row for key, (row, own) in self.rows.items() if not streams.isdisjoint(own)}


LOG = "SELECT name, head FROM feed_log"
WAITING = "SELECT count(*) FROM feed_change WHERE position IS NULL"
CHANGES = """
    SELECT id, position, event_id, action, streams FROM feed_change WHERE position IS NOT NULL ORDER BY position
"""
EVENTS = """
    SELECT e.id, e.kind, u.username, COALESCE(s.text, c.text), e.edited_at IS NOT NULL, c.thread_id
    FROM feed_event e JOIN auth_user u ON u.id = e.user_id
    LEFT JOIN feed_statuschange s ON s.event_ptr_id = e.id LEFT JOIN feed_comment c ON c.event_ptr_id = e.id
"""


class Database:
    """The database at this DATABASE_URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    def head_and_waiting(self) -> tuple[int, int]:
        """The log's head, and how many changes have no position yet."""
        logs, waiting = self._query(LOG, WAITING)
        return (logs[0][1] if logs else 0), waiting[0][0]

    def position(self, key: int) -> int | None:
        """The position of the change with this key; None if it has none yet."""
        position: int | None = self._query(f"SELECT position FROM feed_change WHERE id = {key:d}")[0][0][0]  # noqa: S608
        return position

    def newer(self, position: int) -> tuple[int, list[tuple[int, int]]]:
        """The log's head, and the position and key of each change after this position, in one snapshot."""
        behind = f"SELECT position, id FROM feed_change WHERE position > {position:d} ORDER BY position"  # noqa: S608
        logs, changes = self._query(LOG, behind)
        return (logs[0][1] if logs else 0), list(map(tuple, changes))

    def times(self) -> list[str | datetime]:
        """`created_at` of all events, in the order of their keys."""
        return [made for (made,) in self._query("SELECT created_at FROM feed_event ORDER BY id")[0]]

    def state(self) -> DatabaseState:
        """The log and the events, in one snapshot. Asserts that every change has a position, without holes."""
        logs, waiting, changes, events = self._query(LOG, WAITING, CHANGES, EVENTS)
        state = DatabaseState(logs[0][0], tuple(map(_logged, changes)), {event[0]: _row(event) for event in events})
        positions = [change.position for change in state.changes]
        assert waiting[0][0] == 0, f"{waiting[0][0]} changes have no position."
        assert positions == list(range(state.start + 1, logs[0][1] + 1)), "The positions in the log have holes."
        return state

    def _query(self, *statements: str) -> list[Sequence[Any]]:
        """The rows of each statement, in one snapshot."""
        if urlsplit(self.url).scheme == "sqlite":
            return _query_sqlite(urlsplit(self.url).path.removeprefix("/"), statements)
        with psycopg.connect(self.url, connect_timeout=10) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return [connection.execute(statement.encode()).fetchall() for statement in statements]


def _query_sqlite(path: str, statements: Sequence[str]) -> list[Sequence[Any]]:
    connection = sqlite3.connect(f"file:/{path.lstrip('/')}?mode=ro", uri=True, timeout=20, isolation_level=None)
    try:
        connection.execute("BEGIN")
        return [connection.execute(statement).fetchall() for statement in statements]
    finally:
        connection.close()


def _logged(change: Sequence[Any]) -> Logged:
    pk, position, event_id, action, streams = change
    return Logged(
        pk, position, event_id, action, frozenset(streams if isinstance(streams, list) else json.loads(streams))
    )


def _row(event: Sequence[Any]) -> tuple[Row, frozenset[str]]:
    pk, kind, user, text, edited, thread = event
    threads = {f"thread:{each}" for each in (pk, thread) if each is not None}
    return Row(kind, user, text, bool(edited)), frozenset({"public", f"user:{user}", f"kind:{kind}"} | threads)
