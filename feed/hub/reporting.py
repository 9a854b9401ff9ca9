"""Tells the admin how a hub is, by a row that expires. So one page shows the hubs of all processes."""

import os
import socket
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from django.apps import apps
from django.utils import timezone

from feed import log
from feed.expiring import OwnRow
from feed.hub.threads import ReadingThreads
from feed.hub.watcher import Watcher
from feed.hub_table import HubReport
from feed.times import kept

INTERVAL = 5.0
"""Seconds between two reports."""

State = dict[str, Any]
"""The columns of a report."""


class HubReporting:
    """state: what to report, except for what doesn't change. Called in the event loop."""

    def __init__(self, threads: ReadingThreads, state: Callable[[], State]) -> None:
        self._threads, self._state = threads, state
        self._row = OwnRow(HubReport)
        app: Any = apps.get_app_config("feed")
        self._own: State = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": app.module.__version__,
            "started_at": timezone.now(),
        }
        self._writing, self._is_over = Lock(), False

    async def report(self) -> None:
        state = self._state()
        await self._threads.run(lambda: self._write(state))

    def leave(self) -> None:
        """Take the report back, for good: another thread may be writing it. Runs in a thread."""
        with self._writing:
            self._is_over = True
            self._row.leave()

    def _write(self, state: State) -> None:
        """Runs in a thread."""
        lag = max(0, log.state().head - state["position"])
        with self._writing:
            if not self._is_over:
                self._row.write(lag=lag, **self._own, **state)
                self._row.delete_expired()


def of_watchers(watchers: Collection[Watcher]) -> State:
    """The columns about the watchers. All of them came by the same server."""
    server = next((watcher.connection.server for watcher in watchers), "")
    return {"server": server, "watchers": dict(Counter(watcher.door for watcher in watchers))}


def moment(seconds: float) -> datetime | None:
    """seconds: since 1970, 0 for never."""
    return kept(datetime.fromtimestamp(seconds, UTC)) if seconds else None
