"""Calls a handler for what it hasn't handled yet, in the calling thread."""

from collections.abc import Callable

from django.db import transaction

from feed import log
from feed.handlers import cursors
from feed.handlers.registry import Handler
from feed.handlers.steps import Inside, Outside, Stop


def catch_up(handler: Handler, is_stopping: Stop = lambda: False) -> None:
    """Handle all changes up to the head."""
    while advance(handler, is_stopping) and not is_stopping():
        pass


def advance(handler: Handler, is_stopping: Stop = lambda: False) -> bool:
    """Handle a part of what is due. Returns whether there is more to do now."""
    state = log.state()
    if state.waiting:
        state = log.number()
    cursor = cursors.found_or_started(handler, state)
    if not cursors.has_work(handler, cursor, state):
        return False
    step: Callable[[Handler, Stop], bool] = _outside if handler.is_outside else _in_transaction
    try:
        return step(handler, is_stopping)
    except log.Expired:  # pruned just now, which the next look finds
        return True


def _in_transaction(handler: Handler, is_stopping: Stop) -> bool:
    with transaction.atomic():
        cursor = cursors.locked(handler.name)
        return cursor is not None and Inside(handler, cursor, is_stopping).run()


def _outside(handler: Handler, is_stopping: Stop) -> bool:
    cursor = cursors.leased(handler.name)
    if cursor is None:
        return False
    try:
        return Outside(handler, cursor, is_stopping).run()
    finally:
        cursors.release(cursor)
