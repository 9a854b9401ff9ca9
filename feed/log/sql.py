"""The SQL of the log.

Written by hand because these statements run in every cycle of every hub: Django takes longer to build one than the
database takes to execute it.
"""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Statement:
    """An SQL statement whose parameters are whole numbers.

    name: a short name, part of the name of its plan in PostgreSQL.
    text: the SQL, with {0} and {1} in place of the parameters.
    parameters: how many it takes.
    locks: whether it locks the rows it reads, on databases that can.
    """

    name: str
    text: str
    parameters: int = 0
    locks: bool = False

    def render(self, *parameters: object) -> str:
        lock = " FOR UPDATE" if self.locks and connection.features.has_select_for_update else ""
        return self.text.format(*parameters) + lock


RECORD = "INSERT INTO feed_change (action, event_id, kind, streams) VALUES "
RECORDED = "(%s, %s, %s, %s)"
RECORD_PLACES = "INSERT INTO feed_change (action, event_id, kind, streams, audience, moved_from) VALUES "
RECORDED_PLACES = "(%s, %s, %s, %s, %s, %s)"
"""For events that aren't public, or have been moved."""

STATE = """
    SELECT name, head, floor, EXISTS (SELECT 1 FROM feed_change WHERE position IS NULL) FROM feed_log WHERE id = 1
"""

ACCESS_AFTER = """
    SELECT CAST(streams AS text) FROM feed_change WHERE action = 'access' AND (position IS NULL OR position > %s)
"""

HEAD = Statement("head", "SELECT name, head, floor FROM feed_log WHERE id = 1", locks=True)
NUMBER = Statement(
    "number",
    """
    UPDATE feed_change SET position = numbered.position
    FROM (SELECT id, (SELECT head FROM feed_log WHERE id = 1)
                     + row_number() OVER (ORDER BY action <> 'access', id) AS position
          FROM feed_change WHERE position IS NULL) AS numbered
    WHERE feed_change.id = numbered.id
    """,
)
ADVANCE = Statement(
    "advance",
    """
    UPDATE feed_log SET head = newest.position FROM (SELECT max(position) AS position FROM feed_change) AS newest
    WHERE id = 1 AND head < newest.position RETURNING name, head, floor
    """,
)

READ_FIELDS = ("id", "position", "action", "event_id", "kind", "streams", "audience", "moved_from", "at")
READ = Statement(
    "read",
    """
    SELECT id, position, action, event_id, kind, streams, audience, moved_from, at FROM feed_change
    WHERE position > {0} AND position <= {1} ORDER BY position
    """,
    parameters=2,
)
