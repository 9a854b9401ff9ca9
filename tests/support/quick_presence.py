"""The application with shorter intervals for presence, so that a test needn't wait for half a minute."""

import os

from asgi import application
from feed.hub import presence
from feed.presence import board

__all__ = ["application"]
FASTER = float(os.environ["PRESENCE_FASTER"])

presence.TICK /= FASTER
presence.LOOK /= FASTER
presence.LINGER /= FASTER
board.RENEW /= FASTER
board.EXPIRY /= FASTER
