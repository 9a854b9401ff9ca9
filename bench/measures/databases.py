"""Makes new databases for measurements."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.databases import migrate, new_database


@contextmanager
def migrated(server_url: str) -> Iterator[str]:
    """The URL of a new PostgreSQL database with Rill's tables."""
    with new_database(server_url) as url:
        migrate(url)
        yield url
