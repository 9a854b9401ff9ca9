"""Work that another process does after this one has read the log's head, and before it gives out positions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError, connection, connections, transaction

from feed import log


class ConcurrentWork:
    """Runs `pending` once, at the next such moment."""

    def __init__(self) -> None:
        self.pending: Callable[[], None] | None = None

    def run(self) -> None:
        work, self.pending = self.pending, None
        if work:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(work).result()


concurrent_work = ConcurrentWork()


def number_unless_locked() -> None:
    """Number the waiting changes. Give up if the log is locked: the owner of the lock waits for this to end."""
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                connection.cursor().execute("SET LOCAL lock_timeout = '5ms'")
            log.number()
    except DatabaseError:
        pass
    finally:
        connections.close_all()
