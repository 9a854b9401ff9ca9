"""What is read from the database at a state of the log. While that stays the same, so does what was read. So it is
cached: it is read once, and not for each visitor."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from cachetools import TTLCache
from django.conf import settings

from feed.frames.row_cache import SECONDS
from feed.log import State

MAX_ENTRIES = 200
"""Of pages, their contexts and their rows."""

T = TypeVar("T")

_cache: TTLCache[Any, Any] = TTLCache(MAX_ENTRIES, SECONDS)
_lock = Lock()


def at_state(state: State, key: Hashable, read: Callable[[], T]) -> T:
    """What `read` returns, or has returned for an equal key at this state.

    state: read before. Without a cache, if changes have no position yet: they don't show in it.
    key: what else the result depends on.
    """
    if state.waiting or settings.DEBUG:
        return read()
    with _lock:
        found: T | None = _cache.get((state, key))
    if found is None:
        found = read()
        with _lock:
            _cache[state, key] = found
    return found


def forget() -> None:
    with _lock:
        _cache.clear()
