"""Search in the texts of events.

Each kind names the fields to search in (`search_fields`). Each table with such fields has an index, which the database
keeps itself: PostgreSQL as an index, SQLite by triggers. So whatever writes a row updates the index in the same
statement.
"""

from feed.search.finding import find
from feed.search.words import MAX_LENGTH, Term, parse

__all__ = ["MAX_LENGTH", "Term", "find", "parse"]
