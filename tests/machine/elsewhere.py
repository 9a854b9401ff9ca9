"""What another process does in the moment between the reading of the log's head and the giving of positions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError, connection, connections, transaction

from feed import log


class Elsewhere:
    """`work` is done the next time that somebody is between the two, and then no more."""

    def __init__(self) -> None:
        self.work: Callable[[], None] | None = None

    def happens(self) -> None:
        work, self.work = self.work, None
        if work:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(work).result()


elsewhere = Elsewhere()


def number_if_let() -> None:
    """Number what waits, unless there is a lock that keeps others out: who holds it waits for this to end."""
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                connection.cursor().execute("SET LOCAL lock_timeout = '5ms'")
            log.number()
    except DatabaseError:
        pass
    finally:
        connections.close_all()
