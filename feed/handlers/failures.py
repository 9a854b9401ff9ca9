"""Changes that a handler has failed on: when they are tried again, and when they aren't any more."""

import random
import traceback
from datetime import timedelta

from django.utils import timezone

from feed.handler_tables import HandlerCursor, SetAside
from feed.handlers.change import HandledChange
from feed.handlers.registry import Handler

FIRST_WAIT, MAX_WAIT = 2.0, 3600.0
"""Seconds until a change is tried again."""
MAX_ERROR = 10_000
"""Characters of a traceback that are kept, from its end."""


def wait(tries: int) -> timedelta:
    """The time until the next try: exponential, with jitter, so that what failed together isn't tried together."""
    seconds = min(MAX_WAIT, FIRST_WAIT * 2 ** min(tries - 1, 30))
    return timedelta(seconds=random.uniform(seconds / 2, seconds))  # noqa: S311


def set_aside(handler: Handler, change: HandledChange, error: Exception, tries: int) -> bool:
    """Note in the open transaction that the change has failed for so many times. Returns whether that was the last."""
    is_given_up = handler.tries is not None and tries >= handler.tries
    SetAside.objects.update_or_create(
        handler_id=handler.name,
        epoch=change.log,
        position=change.position,
        defaults={
            "action": change.action,
            "event_id": change.event_id,
            "kind": change.kind,
            "tries": tries,
            "next_try": None if is_given_up else timezone.now() + wait(tries),
            "error": "".join(traceback.format_exception(error))[-MAX_ERROR:],
        },
    )
    return is_given_up


def due(cursor: HandlerCursor, count: int) -> list[SetAside]:
    """Changes to try again now, oldest first."""
    return list(cursor.set_aside.filter(next_try__lte=timezone.now()).order_by("position")[:count])


def change_of(row: SetAside) -> HandledChange:
    """The change without its event."""
    return HandledChange(row.epoch, row.position, row.action, row.event_id, row.kind)
