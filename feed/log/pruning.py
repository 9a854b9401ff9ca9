"""Forgets old changes, and starts a new epoch."""

import time
from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction

from feed.log.reading import State, state
from feed.log.tables import Change, Log, new_epoch

PART = 1_000
"""Changes that one transaction deletes."""
REST = 3
"""Pause after each transaction, as a multiple of the time for which it held the lock."""


def prune(before: datetime, on_progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Delete the oldest changes, up to the first that was recorded at `before` or later. Returns how many.

    Works in short transactions, so it can be interrupted, and run twice at once. After each of them `on_progress` is
    called with the number deleted so far and the total.
    """
    begin = state()
    last, done = _last_before(before, begin), 0
    while part := _delete_part(last):
        seconds, count = part
        done += count
        on_progress(done, last - begin.floor)
        time.sleep(REST * seconds)
    return done


def _last_before(moment: datetime, now: State) -> int:
    """The last position up to which everything was recorded before the moment. Takes no lock: it may take long."""
    numbered = Change.objects.filter(position__gt=now.floor, position__lte=now.head).order_by("position")
    kept = numbered.filter(at__gte=moment).values_list("position", flat=True).first()
    return now.head if kept is None else kept - 1


def _delete_part(last: int) -> tuple[float, int] | None:
    """Delete the next part, up to the position `last`. Returns the seconds for which the lock was held and the number
    of deleted changes, or None if nothing is left."""
    with transaction.atomic():
        log, began = _locked(), time.monotonic()
        floor = min(log.floor + PART, last)
        if floor <= log.floor:
            return None
        # `delete()` would load the rows. Without the lower bound PostgreSQL would visit rows that are deleted already.
        count = Change.objects.filter(position__gt=log.floor, position__lte=floor)._raw_delete(connection.alias)
        log.floor = floor
        log.save(update_fields=["floor"])
    return time.monotonic() - began, count


def rename() -> str:
    """Start a new epoch, so that cursors from before a restore are answered with a reset. Returns its name."""
    with transaction.atomic():
        log = _locked()
        log.epoch = new_epoch()
        log.save(update_fields=["epoch"])
    return log.epoch


def _locked() -> Log:
    return Log.objects.select_for_update().get_or_create(pk=1)[0]
