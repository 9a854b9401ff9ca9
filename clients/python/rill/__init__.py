"""A client of Rill: follows a feed without gaps, and posts to it without doubles.

with rill.Client("http://localhost:8000") as client:
    for update in client.follow(["user:alice"]):
        print(update)
"""

from .client import AsyncClient, Client, Feed
from .errors import (
    BadRequest,
    Conflict,
    Disconnected,
    Forbidden,
    Gap,
    NotFound,
    Refused,
    RillError,
    TooMany,
    Unauthorized,
    Unavailable,
)
from .following import Following
from .timing import Timing
from .updates import Change, Changes, Cursor, Event, Lost, Snapshot, Update

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "BadRequest",
    "Change",
    "Changes",
    "Client",
    "Conflict",
    "Cursor",
    "Disconnected",
    "Event",
    "Feed",
    "Following",
    "Forbidden",
    "Gap",
    "Lost",
    "NotFound",
    "Refused",
    "RillError",
    "Snapshot",
    "Timing",
    "TooMany",
    "Unauthorized",
    "Unavailable",
    "Update",
]
