"""What a page shows of who is watching."""

import time
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from django.db import Error as DatabaseError

from feed.conf import conf
from feed.presence.board import Reader
from feed.presence.names import named_users
from feed.presence.people import People
from feed.rendering import rendered

NAMES, COUNT, OFF = MODES = ("names", "count", "off")
"""The values of FEED_PRESENCE."""
MAX_AGE = 5.0
"""Seconds for which pages show the same count, in a process whose hub doesn't know better."""
NAMES_AGE = 9.0
"""Seconds after which a user who has opted out is named no more."""


@dataclass(frozen=True)
class Watching:
    """
    people: everybody.
    users: those who are named.
    """

    people: People = field(default_factory=People)
    users: tuple[Any, ...] = ()

    @property
    def count(self) -> int:
        return len(self.people)

    @property
    def rest(self) -> int:
        """How many aren't named."""
        return self.count - len(self.users)

    @property
    def is_named(self) -> bool:
        return bool(conf.FEED_PRESENCE == NAMES)

    def with_one_more(self, user: str, visitor: str) -> "Watching":
        """As it will be when the browser that asks for the page has connected."""
        return replace(self, people=self.people.with_one_more(user, visitor))

    def as_frame(self) -> str:
        """The parts of a page that change, for htmx."""
        return rendered("feed/watching_frame.html", {"watching": self})


class Names:
    """Finds out who is to be named. Asks the database again when the users have changed, and now and then: somebody may
    have opted out."""

    def __init__(self) -> None:
        self._asked: tuple[float, frozenset[str]] = (0.0, frozenset())
        self._found: tuple[Any, ...] = ()

    def add_to(self, people: People) -> Watching:
        if conf.FEED_PRESENCE != NAMES:
            return Watching(people)
        asked_at, asked = self._asked
        if people.users != asked or time.monotonic() - asked_at > NAMES_AGE:
            self._found = named_users(people.users)
            self._asked = time.monotonic(), people.users
        return Watching(people, self._found)


class Newest:
    """What this process knows. Its hub tells it; without watchers a page looks itself, seldom."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        self._reader, self._names = Reader(), Names()
        self._known, self._known_at = Watching(), float("-inf")

    def know(self, watching: Watching) -> None:
        self._known, self._known_at = watching, time.monotonic()

    def get(self) -> Watching:
        """While one thread looks, the others don't wait. Without the database it is what was known before."""
        if time.monotonic() - self._known_at > MAX_AGE and self._lock.acquire(blocking=False):
            try:
                self.know(self._names.add_to(self._reader.read()))
            except DatabaseError:
                self.know(self._known)
            finally:
                self._lock.release()
        return self._known


newest = Newest()
