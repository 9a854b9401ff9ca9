"""Clients of the machine. A client knows only what its frames have told it."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db import DatabaseError

from feed import log, streams
from feed.frames.formats import Frame
from feed.hub import Hub
from feed.hub.watcher import Login, Watcher
from feed.models import Event
from tests.machine.loop import SteppedLoop
from tests.machine.sight import Sight, State, look
from tests.support.connections import Line

MAX_PENDING_FRAMES = 1000
"""Frames in one step. More means that the hub sends without end."""


class Lost(AssertionError):
    """A client is up to date, but doesn't show what the database shows."""


class BoundedLine(Line):
    """Fails if the hub sends frames without end."""

    def write(self, frame: Frame) -> None:
        assert len(self.arrived) < MAX_PENDING_FRAMES
        super().write(frame)


class Client:
    """Connects, applies frames, and resumes from its cursor, as docs/protocol.md tells clients to.

    user: the name of the user who is logged in, "" for nobody.
    reading: False for a client that has fallen behind: it doesn't read what it is sent.
    """

    format: ClassVar[str]
    hub: Hub | None = None
    reading = True

    def __init__(self, name: str, user: str, wanted: frozenset[str], sight: Sight) -> None:
        self.name, self.user = name, user
        self.streams = wanted
        self.sight = sight
        self.state: State = {}
        self.cursor: int | None = None
        self.log = ""

    def __repr__(self) -> str:
        return self.name

    # Each format has its own version of these.

    def take(self, frame: str) -> None:
        raise NotImplementedError

    def look(self, event: Event) -> Any:
        """The event in the client's format."""
        return look(self.format, event)

    # Before connecting.

    def start(self, where: str) -> None:
        """Choose the cursor to connect with. A client that starts at the head has none."""
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
        """Load the snapshot, whose cursor is read before its events."""
        state = log.state()
        self.cursor, self.log = state.head, state.epoch
        self.state = self.snapshot()

    def snapshot(self) -> State:
        """What pages and API show to the user in the client's streams."""
        found = streams.newest(Event.rows.all(), self.streams, None, 10**6, streams.audiences_of(self.login()))
        keys = [event.pk for event in found]
        return {event.pk: self.look(event) for event in Event.objects.with_users().filter(pk__in=keys)}

    def login(self) -> User | None:
        return User.objects.get(username=self.user) if self.user else None

    def log_in_again(self) -> None:
        """Forget what the deleted user of this name was shown."""
        self.start("snapshot")

    # While connected. FeedConsumer does this for a real client.

    def connect(self, loop: SteppedLoop, hub: Hub) -> None:
        self.line, self.reading = BoundedLine(), True
        user = self.login()
        login = Login("", str(user.pk), "") if user else None
        self.watcher = Watcher(self.streams, self.format, self.line, epoch=self.log, login=login)
        try:
            loop.run_until_complete(hub.join(self.watcher, self.cursor))
        except DatabaseError:
            return  # the server ends the connection, and the client will resume
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
        """Ask for a frame, even one without changes."""
        assert self.hub
        self.hub.send_frame(self.watcher)

    def take_all(self) -> None:
        """Apply the frames that have arrived."""
        self.loop.settle()
        assert len(self.line.arrived) < MAX_PENDING_FRAMES, f"The hub sends {self} frames without end."
        arrived, self.line.arrived = self.line.arrived, []
        for frame in arrived:
            self.take(frame)
        assert not arrived or self.cursor == self.watcher.cursor

    def waits(self) -> bool:
        """Whether the hub still waits for the database to read this client's changes, or its user's audiences."""
        assert self.hub
        lookup = self.watcher.access.lookup
        return self.watcher in self.hub._scheduler._sender._reads or bool(lookup and not lookup.done())

    # The invariants.

    def put(self, pk: int, shown: Any) -> None:
        """Show the event that was sent. Raises Leaked if the user could never see it in this state."""
        self.sight.check(self.user, self.format, pk, shown)
        self.state[pk] = shown

    def check(self) -> None:
        """Raise Lost if the client shows something else than it must, and its changes are not still being read."""
        shown = self.sight.shown(self.user, self.format, self.streams)
        if self.state != shown and not self.waits():
            raise Lost(
                f"{self} at {self.cursor} lacks {ids(shown.keys() - self.state.keys())}, "
                f"still shows {ids(self.state.keys() - shown.keys())}, and shows "
                f"{ids(pk for pk in shown if self.state.get(pk, shown[pk]) != shown[pk])} in an old state."
            )


def ids(found: Iterable[int]) -> list[int]:
    return sorted(found)
