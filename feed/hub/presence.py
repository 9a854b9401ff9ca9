"""Tells the pages who is watching, and other hubs who is watching through this one.

What is sent isn't part of the log: it moves no cursor. A watcher that isn't reading is passed over, and gets the newest
state when it reads again. Programs (JSON) neither count nor are told.
"""

import asyncio
from collections import Counter, deque
from time import monotonic

from feed.conf import conf
from feed.frames.formats import Frame
from feed.hub.counting import CountingWriter
from feed.hub.threads import ReadingThreads
from feed.hub.watcher import Watcher
from feed.presence.board import Board
from feed.presence.people import People
from feed.presence.watching import OFF, Names, Watching, newest

TICK = 1.0
"""Seconds between two checks whether there is something to do. Changes in between are sent together."""
LOOK = 3.0
"""Seconds between two looks at what other hubs have written, while somebody watches."""
LINGER = 2.0
"""Seconds for which a person who has left still counts: going from one page to the next isn't leaving."""
FRAMES_PER_SECOND, MAX_PACE = 2500, 4.0
"""With many watchers a change waits, at most this many seconds, because everybody is sent each change."""
BATCH = 64
"""Watchers that are told before the event loop does other work."""

Person = tuple[str, str]
"""The key of a user, or the name of a visitor; the other one is empty. Both are empty if neither is known."""


class HubPresence:
    """The presence of one hub's watchers."""

    def __init__(self, threads: ReadingThreads) -> None:
        self._threads = threads
        self._board, self._names = Board(), Names()
        self._here: Counter[Person] = Counter()
        self._leaving: deque[tuple[float, Person]] = deque()
        self._watchers: set[Watcher] = set()
        self._behind: set[Watcher] = set()
        """The watchers that haven't been told the newest state."""
        self._frame: Frame | None = None
        self._counting = CountingWriter()
        self._has_changed = False
        self._looked_at = float("-inf")

    def add(self, watcher: Watcher) -> None:
        if watcher.is_counted and watcher.format == "html" and conf.FEED_PRESENCE != OFF:
            self._watchers.add(watcher)
            self._behind.add(watcher)
            self._here[person_of(watcher)] += 1
            self._has_changed = True

    def discard(self, watcher: Watcher) -> None:
        if watcher in self._watchers:
            self._watchers.remove(watcher)
            self._behind.discard(watcher)
            person = person_of(watcher)
            if any(person):
                self._leaving.append((monotonic(), person))
            else:  # nobody can tell whether the same person comes back
                self._forget(person)

    async def refresh(self) -> None:
        """Exchange news with the other hubs if it is time, and tell the watchers."""
        self._forget_leaving(monotonic() - LINGER)
        if self._is_due(monotonic() - self._looked_at):
            self._looked_at, self._has_changed = monotonic(), False
            own = self._people()
            self._take(*await self._threads.run(lambda: self._exchange(own)))
        await self._tell()

    def leave(self) -> None:
        """Take back what this hub has written. Runs in a thread."""
        self._board.leave()

    def _forget_leaving(self, before: float) -> None:
        while self._leaving and self._leaving[0][0] <= before:
            self._forget(self._leaving.popleft()[1])

    def _forget(self, person: Person) -> None:
        self._here[person] -= 1
        if not self._here[person]:
            del self._here[person]
        self._has_changed = True

    def _is_due(self, since: float) -> bool:
        if self._has_changed:
            return since >= min(MAX_PACE, len(self._watchers) / FRAMES_PER_SECOND)
        return bool(self._watchers) and since >= LOOK

    def _people(self) -> People:
        users = frozenset(user for user, _ in self._here if user)
        visitors = frozenset(visitor for _, visitor in self._here if visitor)
        return People(users, visitors, self._here["", ""])

    def _exchange(self, own: People) -> tuple[Watching, str]:
        """Runs in a thread."""
        watching = self._names.add_to(self._board.exchange(own))
        return watching, watching.as_frame() if own else ""

    def _take(self, watching: Watching, text: str) -> None:
        if not text:  # nobody is there to be told, and the others weren't looked at
            return
        newest.know(watching)
        if self._frame is None or self._frame.text != text:
            self._frame = Frame(text)
            self._behind = set(self._watchers)

    async def _tell(self) -> None:
        if self._frame is None:
            return
        for number, watcher in enumerate([*self._behind], 1):
            # A watcher's first frame is one of the log.
            if watcher in self._behind and watcher.connection.is_writable and not watcher.is_due:
                self._behind.remove(watcher)
                self._counting.write(watcher, self._frame)
            if number % BATCH == 0:
                self._counting.flush()
                await asyncio.sleep(0)
        self._counting.flush()


def person_of(watcher: Watcher) -> Person:
    return (watcher.login.user, "") if watcher.login else ("", watcher.visitor)
