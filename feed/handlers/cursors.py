"""The cursors of the handlers: where each is, and which process may move it."""

import logging
import secrets
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from feed import log
from feed.handler_tables import HandlerCursor
from feed.handlers.change import Reset
from feed.handlers.registry import Handler

LEASE = timedelta(seconds=30)
"""How long a process may take for one change of a handler that works outside of the database. If it is killed, another
process goes on after this time. By the database's clock, because those of machines differ."""

logger = logging.getLogger(__name__)


def found_or_started(handler: Handler, state: log.State) -> HandlerCursor:
    """The handler's cursor. A new handler begins here."""
    position = state.floor if handler.from_start else state.head
    start = {"epoch": state.epoch, "position": position}
    return HandlerCursor.objects.get_or_create(name=handler.name, defaults=start)[0]


def problem(cursor: HandlerCursor, state: log.State) -> HandlerCursor.State | None:
    """Why the log can't be read on from the cursor."""
    if cursor.epoch != state.epoch:
        return HandlerCursor.State.OTHER_LOG
    if cursor.position > state.head:
        return HandlerCursor.State.AHEAD
    return HandlerCursor.State.EXPIRED if cursor.position < state.floor else None


def has_work(handler: Handler, cursor: HandlerCursor, state: log.State) -> bool:
    """Whether to lock the cursor. On SQLite that locks out everybody who writes."""
    if cursor.state != HandlerCursor.State.FOLLOWING:
        return False
    if problem(cursor, state):
        return True
    is_behind = cursor.position < state.head and not (handler.in_order and first_try(cursor))
    return is_behind or is_due(cursor)


def is_due(cursor: HandlerCursor) -> bool:
    """Whether a change that was set aside is to be tried again now."""
    next_try = first_try(cursor)
    return next_try is not None and next_try <= timezone.now()


def first_try(cursor: HandlerCursor) -> datetime | None:
    """When the next change that was set aside is tried again."""
    found: datetime | None = cursor.set_aside.aggregate(first=Min("next_try"))["first"]
    return found


def locked(name: str) -> HandlerCursor | None:
    """The cursor, locked in the open transaction. None if another process has it.

    A process that is frozen keeps its lock, so nobody handles the same change meanwhile.
    """
    rows = HandlerCursor.objects.filter(name=name)
    if connection.features.has_select_for_update:
        return rows.select_for_update(skip_locked=True).first()
    # On SQLite, the write lock. A transaction that reads first could not get it after another process has written.
    rows.update(name=name)
    return rows.first()


def leased(name: str) -> HandlerCursor | None:
    """The cursor, leased to this caller. None if another process has it."""
    free = Q(lease="") | Q(leased_until__lt=Now())
    lease = secrets.token_hex(16)
    rows = HandlerCursor.objects.filter(name=name)
    if not rows.filter(free).update(lease=lease, leased_until=Now() + LEASE):
        return None
    return rows.filter(lease=lease).first()


def keep(cursor: HandlerCursor) -> bool:
    """Save the position in the open transaction, and renew a lease. Returns False if the lease is lost."""
    until = Now() + LEASE if cursor.lease else None
    own = HandlerCursor.objects.filter(name=cursor.name, lease=cursor.lease)
    moved = own.update(epoch=cursor.epoch, position=cursor.position, state=cursor.state, leased_until=until)
    return bool(moved)


def release(cursor: HandlerCursor) -> None:
    HandlerCursor.objects.filter(name=cursor.name, lease=cursor.lease).update(lease="", leased_until=None)


def reset(handler: Handler, cursor: HandlerCursor, state: log.State, reason: HandlerCursor.State) -> None:
    """Tell the handler, in the open transaction, and move its cursor to the head. A handler that doesn't want to be
    told stops, and somebody has to decide: see `resume`."""
    if handler.on_reset is None:
        logger.error("The handler %s has stopped at %s: %s", handler.name, cursor.position, reason.label)
        cursor.state = reason
        return
    with transaction.atomic():
        handler.on_reset(Reset(reason.value, state.epoch, state.head))
    cursor.epoch, cursor.position = state.epoch, state.head


def resume(name: str) -> int:
    """Let a handler that has stopped go on with the oldest change after its cursor that the log holds. Returns the
    position of its cursor. Raises HandlerCursor.DoesNotExist."""
    state = log.state()
    with transaction.atomic():
        cursor = HandlerCursor.objects.select_for_update().get(name=name)
        if cursor.state != HandlerCursor.State.FOLLOWING:
            cursor.epoch, cursor.state = state.epoch, HandlerCursor.State.FOLLOWING
            cursor.position = min(max(cursor.position, state.floor), state.head)
            cursor.save(update_fields=["epoch", "position", "state"])
    return cursor.position
