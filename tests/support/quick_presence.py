"""The application with presence at a tenth of its intervals, so that a test needn't wait for half a minute."""

from asgi import application as application
from feed.hub import presence
from feed.presence import board

FASTER = 10

presence.TICK /= FASTER
presence.LOOK /= FASTER
presence.LINGER /= FASTER
board.RENEW /= FASTER
board.EXPIRY /= FASTER
