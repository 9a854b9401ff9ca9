"""The site in a process that kills itself at a certain moment of an API request, as the system may.

DIES_AT: the function of `feed.api.events` in whose place it dies; empty for never.
"""

import os
import signal
from typing import NoReturn

from asgi import application
from feed.api import events

__all__ = ["application"]


def die(*arguments: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("Nobody survives this.")


if name := os.environ.get("DIES_AT"):
    assert hasattr(events, name)
    setattr(events, name, die)
