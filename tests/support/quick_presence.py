"""The application with shorter intervals for presence, so that a test needn't wait for half a minute."""

import os

from asgi import application
from feed import expiring
from feed.hub import presence, reporting
from feed.presence import board

__all__ = ["application"]
FASTER = float(os.environ["PRESENCE_FASTER"])

presence.TICK /= FASTER
reporting.INTERVAL /= FASTER
presence.LOOK /= FASTER
presence.LINGER /= FASTER
board.RENEW /= FASTER
expiring.EXPIRY /= FASTER
