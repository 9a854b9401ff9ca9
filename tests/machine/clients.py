"""Who watches: a client knows what its frames have told it, and nothing else."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import DatabaseError

from feed import log, streams
from feed.frames.formats import Frame
from feed.hub import Hub
from feed.hub.watcher import Watcher
from feed.models import Event
from tests.machine.loop import SteppedLoop
from tests.support.connections import Line

State = dict[int, Any]
"""What a client shows: events by their ids, in the client's format."""


ENDLESS = 1000
"""Frames that no client is sent between two looks, or something is wrong."""


class Lost(AssertionError):
    """A client has been sent everything, and doesn't show what the database does."""


class BoundedLine(Line):
    """One on which whoever is sent frames without end is found out."""

    def write(self, frame: Frame) -> None:
        assert len(self.arrived) < ENDLESS
        super().write(frame)


class Client:
    """Connects, takes frames, and comes back where it was, as docs/protocol.md tells clients to.

    reading: False for one that has fallen behind: it doesn't take what is sent.
    """

    format: ClassVar[str]
    hub: Hub | None = None
    reading = True

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
        self.cursor, self.log = state.head, state.epoch
        self.state = self.show(Event.objects.with_users())

    def show(self, events: Iterable[Event]) -> State:
        """Of all events that there are those that the database finds in the streams, as they are shown."""
        found = {event.pk for event in streams.newest(Event.rows.all(), self.streams, None, 10**6)}
        return {event.pk: self.look(event) for event in events if event.pk in found}

    # Connected: what FeedConsumer does for it.

    def connect(self, loop: SteppedLoop, hub: Hub) -> None:
        self.line, self.reading = BoundedLine(), True
        self.watcher = Watcher(self.streams, self.format, self.line, epoch=self.log)
        try:
            loop.run_until_complete(hub.join(self.watcher, self.cursor))
        except DatabaseError:
            return  # it is sent away, to come again
        self.loop, self.hub = loop, hub
        self.take_all()

    def disconnect(self) -> None:
        assert self.hub
        self.hub.leave(self.watcher)
        self.loop.settle()
        self.hub = None

    def fall_behind(self) -> None:
        self.reading = False
        self.line.fill()

    def read_on(self) -> None:
        self.reading = True
        self.line.clear()

    def ask(self) -> None:
        """Have a frame sent, though there be nothing new in it."""
        assert self.hub
        self.hub.send_frame(self.watcher)

    def take_all(self) -> None:
        """Take the frames that have come by now."""
        self.loop.settle()
        assert len(self.line.arrived) < ENDLESS, f"{self} is sent the same again and again."
        arrived, self.line.arrived = self.line.arrived, []
        for frame in arrived:
            self.take(frame)
        assert not arrived or self.cursor == self.watcher.cursor

    def waits(self) -> bool:
        """Whether the database is slow to answer what it needs."""
        assert self.hub
        return self.watcher in self.hub._scheduler._sender._reads

    # What must hold.

    def check(self, shown: State) -> None:
        """Raises Lost, unless it waits for an answer."""
        if self.state != shown and not self.waits():
            raise Lost(
                f"{self} at {self.cursor} lacks {ids(shown.keys() - self.state.keys())}, "
                f"shows {ids(self.state.keys() - shown.keys())} which are gone, and shows "
                f"{ids(pk for pk in shown if self.state.get(pk, shown[pk]) != shown[pk])} as they were."
            )


def ids(found: Iterable[int]) -> list[int]:
    return sorted(found)
