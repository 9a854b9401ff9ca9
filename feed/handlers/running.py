"""Calls a handler for what it hasn't handled yet, in the calling thread."""

from collections.abc import Callable

from django.db import transaction

from feed import log
from feed.handler_tables import HandlerCursor
from feed.handlers import cursors
from feed.handlers.matching import told
from feed.handlers.registry import Handler
from feed.handlers.steps import BATCH, Inside, Outside, Stop


def catch_up(handler: Handler, is_stopping: Stop = lambda: False) -> None:
    """Handle all changes up to the head."""
    while advance(handler, is_stopping) and not is_stopping():
        pass


def advance(handler: Handler, is_stopping: Stop = lambda: False, *, passes_others: bool = True) -> bool:
    """Handle a part of what is due. Returns whether there is more to do now.

    passes_others: whether to move the cursor if nothing new is for this handler. That is a write like any other, and
    while many people post there would be one for each handler and ring.
    """
    state = log.state()
    if state.waiting:
        state = log.number()
    cursor = cursors.found_or_started(handler, state)
    if not cursors.has_work(handler, cursor, state):
        return False
    step: Callable[[Handler, Stop], bool] = _outside if handler.is_outside else _in_transaction
    try:
        if not passes_others and _has_only_others(handler, cursor, state):
            return False
        return step(handler, is_stopping)
    except log.Expired:  # pruned just now, which the next look finds
        return True


def _has_only_others(handler: Handler, cursor: HandlerCursor, state: log.State) -> bool:
    """Whether there is nothing to do but to move the cursor, and not far."""
    if cursors.problem(cursor, state) or state.head - cursor.position > BATCH or cursors.is_due(cursor):
        return False
    return not any(told(handler, change) for change in log.read(cursor.position, state.head))


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
