"""A hub that does everything in the calling thread, when a test asks for it.

It is put together from the parts of the real one. So it reads the log through the test's own connection, and sees what
the test's open transaction has written.
"""

from feed import log
from feed.hub.poller import LogReader
from feed.hub.polling import UNUSED, InlineAudiences, InlineHistory
from feed.hub.scheduler import Scheduler
from feed.hub.sender import Sender
from feed.hub.subscriptions import Subscriptions
from feed.hub.tail import Tail
from feed.hub.watcher import Watcher


class InlineHub:
    """after: the position after which it follows the log, by default the head."""

    def __init__(self, after: int | None = None) -> None:
        state = log.number()
        self.tail = Tail()
        self.tail.restart(state.epoch, state.head if after is None else max(after, state.floor))
        # It asks for audiences at once. So a test notices that `access_changed` wasn't called.
        self.audiences = InlineAudiences(UNUSED)
        self._scheduler = Scheduler(Sender(self.tail, InlineHistory(UNUSED, self.audiences.changed), self.audiences))
        self._subscriptions = Subscriptions(self._scheduler, self.audiences)
        self._reader = InlineReader(self.tail, self._subscriptions)

    def join(self, watcher: Watcher, after: int | None) -> None:
        """Like `Hub.join`."""
        self._reader.add_format(watcher.format)
        self._subscriptions.add(watcher)
        self.audiences.add(watcher)
        self._scheduler.add(watcher)
        watcher.epoch = watcher.epoch or self.tail.epoch
        watcher.advance(self.tail.head if after is None else after, self.tail.head)
        self._scheduler.enqueue(watcher)
        self._scheduler.serve_all()

    def watch(self, watcher: Watcher, names: frozenset[str], after: int | None) -> None:
        """Like `Hub.watch`."""
        self._subscriptions.change(watcher, names, after, self.tail.head)
        self._scheduler.serve_all()

    def advance(self) -> None:
        """Read the log up to its head, and send all watchers the frames that are due."""
        self._reader.advance()
        self._scheduler.serve_all()


class InlineReader(LogReader):
    def add_format(self, name: str) -> None:
        self._formats |= {name}
        self._take_again(*self._encode_again(self._tail.entries, self._formats))

    def advance(self) -> None:
        more = True
        while more:
            batch = self._read(read_ahead=False)
            self._take(batch)
            more = self._tail.head < batch.state.head
