"""The next frame of a client that polls: made in the calling thread by the parts of a hub, without a hub."""

from collections.abc import Iterable

from feed import log, streams
from feed.connection.asgi import Connection, Message
from feed.frames.formats import Frame
from feed.hub.audiences import Audiences
from feed.hub.history import MAX_SCAN, History, HistoryPage, HistoryQuery
from feed.hub.sender import Sender
from feed.hub.tail import Tail
from feed.hub.threads import ReadingThreads
from feed.hub.watcher import Access, Login, Watcher

UNUSED = ReadingThreads(1, "rill-unused")
"""For parts of a hub that read in the calling thread."""


def next_frame(user: str, names: frozenset[str], after: int, epoch: str) -> Frame:
    """The frame that a watcher of these streams is sent next, whose cursor is `after` in the log `epoch`.

    user: the user's key, "" for nobody.
    epoch: "" if the client doesn't say.
    """
    state = log.state()
    if state.waiting:
        state = log.number()
    tail, connection = Tail(), Kept()
    tail.restart(state.epoch, state.head)
    audiences = InlineAudiences(UNUSED)
    watcher = Watcher(
        names, "json", connection, epoch=epoch or state.epoch, login=Login("", user, "") if user else None
    )
    audiences.add(watcher)
    if after == 0 and not epoch:  # it has no state that a change of access could make wrong
        watcher.started_at = state.head
    watcher.advance(after, state.head)
    Sender(tail, InlineHistory(UNUSED, audiences.changed), audiences).serve(watcher)
    return connection.frames[0]


async def nowhere(message: Message) -> None: ...


class Kept(Connection):
    """A connection that keeps the frames, of a client that always reads."""

    def __init__(self) -> None:
        super().__init__(nowhere)
        self.frames: list[Frame] = []

    def write(self, frame: Frame) -> None:
        self.frames.append(frame)


class InlineHistory(History):
    """Reads at once, and keeps no page."""

    def page(self, query: HistoryQuery, after: int, head: int) -> HistoryPage:
        page = self.read(query, after, min(after + MAX_SCAN, head), head)
        self._forget_access(page.hidden_from)
        return page


class InlineAudiences(Audiences):
    """Asks at once, not only when an event needs it."""

    def add(self, watcher: Watcher) -> None:
        super().add(watcher)
        ask(watcher.access)

    def changed(self, users: Iterable[str]) -> list[Watcher]:
        watchers = super().changed(users)
        for watcher in watchers:
            ask(watcher.access)
        return watchers


def ask(access: Access) -> None:
    if access.audiences is None:
        access.audiences = streams.audiences_of_key(access.user)
