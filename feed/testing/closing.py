"""Ends the hubs of a test, whose threads and connections would otherwise outlive it.

An event loop that ends cancels the tasks of its hub, and waits for nothing else. So a thread of the hub may still be
connected when the test database is dropped, or truncated.
"""

import asyncio
from asyncio import AbstractEventLoop

from feed import hub
from feed.hub import Hub

TIMEOUT = 10.0
"""Seconds for a hub to end whose event loop runs in another thread."""


def close_hubs() -> None:
    """Close the hubs that the test has started, and wait for their threads. A hub that has watchers in an event loop
    that runs is left alone: it belongs to a server of other tests. Raises RuntimeError in an event loop."""
    if asyncio._get_running_loop():
        raise RuntimeError("close_hubs() waits for event loops, so it can't be called in one.")
    for loop, each in hub.all_hubs():
        if not (loop.is_running() and each.has_watchers()):
            hub.forget(loop)
            close(loop, each)


def close(loop: AbstractEventLoop, each: Hub) -> None:
    if loop.is_closed():
        each.end()
    elif loop.is_running():
        asyncio.run_coroutine_threadsafe(each.close(), loop).result(TIMEOUT)
    else:
        loop.run_until_complete(each.close())
