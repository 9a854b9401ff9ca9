import os
import secrets
from collections.abc import Callable

from django.contrib.auth.models import Group

import feed
from feed.handlers import HandledChange

at_first_call: Callable[[], object] | None = None
"""Called once, before anything is committed."""


def tell() -> None:
    global at_first_call
    told, at_first_call = at_first_call, None
    if told:
        told()


@feed.handler("kind:status_change", name="note", from_start=True)
def note(change: HandledChange) -> None:
    """Note the position, and which process has handled it. Twice the same position are two notes."""
    tell()
    Group.objects.create(name=f"{change.position} {os.getpid()} {secrets.token_hex(4)}")


@feed.handler("kind:status_change", name="fail", from_start=True)
def fail(change: HandledChange) -> None:
    """Fail on every tenth change, after an effect that must not stay."""
    if change.position % 10 == 0:
        Group.objects.create(name=f"0 {secrets.token_hex(4)}")
        raise ZeroDivisionError
