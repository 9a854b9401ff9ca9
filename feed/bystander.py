"""Keeps the feed out of the way of other people's models.

A receiver that follows somebody else's model runs in their save. What fails in it must not fail that save.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from feed.conf import conf
from feed.kinds.guard import report


@contextmanager
def bystander(what: str, whom: str, using: str | None = None) -> Iterator[None]:
    """Run the block in a savepoint. If it fails, undo it, log the error once, and go on. With FEED_STRICT, raise it.

    what, whom: for the log message, such as "welcome" and "a new user".
    """
    try:
        with transaction.atomic(using=using):
            yield
    except Exception as error:
        if conf.FEED_STRICT:
            raise
        report(what, whom, error)
