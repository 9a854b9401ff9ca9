"""Who watches: a client knows what its frames have told it, and nothing else."""

import asyncio
from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import DatabaseError

from feed import log, streams
from feed.hub import Hub
from feed.models import Event
from feed.tail import Watcher
from tests.machine.loop import SteppedLoop

State = dict[int, Any]
"""What a client shows: events by their ids, in the client's format."""


class Lost(AssertionError):
    """A client has been sent everything, and doesn't show what the database does."""


class Client:
    """Connects, takes frames, and comes back where it was, as docs/protocol.md tells clients to.

    reading: False for one that has fallen behind: it doesn't take what is sent.
    quiet: it has taken all that may concern it, and is sent nothing until it is woken.
    asked: the frame that it waits for while the database is slow to answer.
    """

    format: ClassVar[str]
    hub: Hub | None = None
    reading = True
    asked: asyncio.Task[str] | None = None

    def __init__(self, name: str, wanted: frozenset[str]) -> None:
        self.name = name
        self.streams = wanted
        self.state: State = {}
        self.cursor: int | None = None
        self.log = ""

    def __repr__(self) -> str:
        return self.name

    # What each format does in its own way.

    def take(self, frame: str) -> None:
        raise NotImplementedError

    @staticmethod
    def look(event: Event) -> Any:
        """The event as it is shown."""
        raise NotImplementedError

    # Before it connects.

    def start(self, where: str) -> None:
        """Choose the cursor to come with; who starts at the head comes without one."""
        match where:
            case "snapshot":
                self.load()
            case "beginning":
                self.cursor = 0
            case "future":
                self.cursor = 10**6
            case "other log":
                self.cursor, self.log = 0, "other"

    def load(self) -> None:
        """Take the snapshot, whose cursor is read before its events."""
        state = log.state()
        self.cursor, self.log = state.head, state.name
        self.state = self.show(Event.objects.with_users())

    def show(self, events: Iterable[Event]) -> State:
        """Of all events that there are those that the database finds in the streams, as they are shown."""
        found = set(Event.rows.filter(streams.holds(self.streams)).values_list("pk", flat=True))
        return {event.pk: self.look(event) for event in events if event.pk in found}

    # Connected: what FeedConsumer does for it.

    def connect(self, loop: SteppedLoop, hub: Hub) -> None:
        self.watcher = Watcher(self.streams, self.format, 0, self.log)
        try:
            reset = loop.run_until_complete(hub.join(self.watcher, self.cursor))
        except DatabaseError:
            return  # it is sent away, to come again
        self.loop, self.hub = loop, hub
        self.quiet = self.watcher.unseen is None
        if reset is None:
            self.ask()
        else:
            self.take(reset)

    def disconnect(self) -> None:
        assert self.hub
        if self.asked:
            self.asked.cancel()
            self.asked = None
        self.loop.settle()
        self.hub.leave(self.watcher)
        self.hub = None

    def read(self) -> None:
        """Take frames from when it is woken until it has taken all that may concern it."""
        if self.asked:
            self.wait()
        elif self.quiet and self.watcher.woken.is_set():
            self.ask()
        while not (self.quiet or self.asked):
            self.ask()

    def ask(self) -> None:
        assert self.hub
        self.asked = self.loop.create_task(self.hub.frame(self.watcher))
        self.wait()

    def wait(self) -> None:
        """Take the frame that was asked for, if it is there yet."""
        self.loop.settle()
        if self.asked and self.asked.done():
            frame, self.asked = self.asked.result(), None
            before, self.quiet = self.cursor, self.watcher.unseen is None
            self.take(frame)
            assert self.quiet or (self.cursor or 0) > (before or 0), f"{self} is sent the same again and again."

    # What must hold.

    def check(self, shown: State) -> None:
        """Raises Lost, unless it waits for an answer."""
        if self.state != shown and not self.asked:
            raise Lost(
                f"{self} at {self.cursor} lacks {ids(shown.keys() - self.state.keys())}, "
                f"shows {ids(self.state.keys() - shown.keys())} which are gone, and shows "
                f"{ids(pk for pk in shown if self.state.get(pk, shown[pk]) != shown[pk])} as they were."
            )


def ids(found: Iterable[int]) -> list[int]:
    return sorted(found)
