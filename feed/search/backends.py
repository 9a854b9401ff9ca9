"""How each database searches."""

from types import ModuleType
from typing import Any

from feed.search import postgresql, sqlite

BACKENDS = {"sqlite": sqlite, "postgresql": postgresql}


def backend(connection: Any) -> ModuleType | None:
    """What searches in this database. None if nothing does: it is another database, or an SQLite without FTS5."""
    found = BACKENDS.get(connection.vendor)
    return found if found and found.is_supported(connection) else None
