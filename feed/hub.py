"""The hub: follows the log once per process, and has those served whom a change concerns.

A watcher owns nothing but its cursor. When its turn comes it is sent the frame that follows it; what the log has grown
by meanwhile is in the next one. So nothing is queued per client.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar
from weakref import WeakKeyDictionary

from django.db import connections

from feed import again, goodbye, log, look, streams
from feed.following import Following
from feed.frames import FORMATS, Entry, Frame
from feed.history import BATCH, History, Part, Subject
from feed.sending import Sending
from feed.sessions import Sessions
from feed.tail import Cut, Watcher
from feed.threads import ReadingThreads

HISTORY_SPAN = 20 * BATCH
"""Changes that are looked through for such a watcher before it is sent a frame, though there be none for it."""

T = TypeVar("T")


class Hub:
    """Made by `hub()`, once per event loop; it follows the log for as long as the loop runs."""

    def __init__(self) -> None:
        self.following = Following(self._take_in)
        self.sessions = Sessions(self._beside)
        self.sending = Sending(self._serve)
        self.stopping = False
        self._is_ready_to_stop = False
        self._watchers: dict[str, dict[Watcher, None]] = {}
        """By stream, in the order in which they came: that of their memory, in which it is gone through faster."""
        self._past = History()
        self._reads: dict[tuple[Subject, int], asyncio.Task[Part]] = {}
        self._readers: dict[Watcher, asyncio.Task[None]] = {}
        self._alone = asyncio.Event()
        self._history_threads = ReadingThreads(2, "rill-history")
        self._tasks = [
            asyncio.create_task(doing)
            for doing in (
                self.following.follow(),
                self.following.listen(),
                self.sessions.follow(),
                again.follow(self._beside),
                look.follow(self.following.ring, lambda: (self.following.name, self.following.head)),
                self.sending.go_round(),
                self.sending.tick(),
            )
        ]

    @property
    def head(self) -> int:
        """The newest position that watchers can be sent; -1 before the log was first read."""
        return self.following.head

    # What consumers call.

    async def join(self, watcher: Watcher, after: int | None) -> None:
        """Send the watcher frames from now on, the first at once, from the cursor `after` or else from the head."""
        await self.following.add_format(watcher.format)
        if self.head < (after or 0):
            await self.following.advance(after or 0)
        for stream in watcher.streams:
            self._watchers.setdefault(stream, {})[watcher] = None
        self.sessions.add(watcher)
        self.sending.add(watcher)
        watcher.log = watcher.log or self.following.name
        watcher.stand(self.head if after is None else after, self.head)
        self.sending.call(watcher)
        if self.stopping:
            watcher.end(goodbye.ComeBack())

    async def check(self, names: Collection[str]) -> None:
        """Raise Refusal if one of the streams doesn't exist. Only who asks for a row's own stream costs a query."""
        if any(streams.may_be_absent(name) for name in names):
            await self._beside(lambda: streams.check(names))

    def answer(self, watcher: Watcher) -> None:
        """Send the watcher a frame, though it be one without changes."""
        self.sending.call(watcher)

    def go_back(self, watcher: Watcher, after: int) -> None:
        """Set its cursor back, if that is back, so that what has been sent since is sent again."""
        if after < watcher.cursor:
            watcher.stand(after, self.head)
            self.sending.call(watcher)

    def leave(self, watcher: Watcher) -> None:
        for stream in watcher.streams:
            others = self._watchers.get(stream, {})
            others.pop(watcher, None)
            if not others:
                self._watchers.pop(stream, None)
        self.sessions.discard(watcher)
        self.sending.discard(watcher)
        watcher.leash = None
        if reader := self._readers.get(watcher):
            reader.cancel()
        if not self._watchers:
            self._alone.set()

    def be_ready_to_stop(self) -> None:
        """Have the server dismiss the watchers first when it is told to stop."""
        if not self._is_ready_to_stop:
            self._is_ready_to_stop = True
            goodbye.before_stopping(self.dismiss)

    async def dismiss(self) -> None:
        """Tell all watchers to come back, and from now on whoever comes; until none is left."""
        self.stopping = True
        await goodbye.tell(self._all())
        while self._watchers:
            self._alone.clear()
            await self._alone.wait()

    async def close(self) -> None:
        """Stop following, and give the threads' database connections back."""
        tasks = [*self._tasks, *self._readers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.following.close()
        await self._history_threads.close()

    # What a watcher is sent.

    def _serve(self, watcher: Watcher) -> None:
        """Send the frame that follows the watcher's cursor, which moves: all that concerns it in (cursor, position]."""
        if watcher in self._readers:
            return
        tail = self.following.tail
        if cut := tail.cuts.get(watcher.place()):  # nearly always: another watcher has just been sent the same
            self._send(watcher, cut)
        elif reason := self._lost(watcher):
            self._reset(watcher, reason)
        elif (begin := tail.begin(watcher)) < tail.start:
            self._readers[watcher] = asyncio.create_task(self._serve_history(watcher, watcher.cursor, begin))
        else:
            self._send(watcher, tail.cut(watcher))

    async def _serve_history(self, watcher: Watcher, after: int, begin: int) -> None:
        try:
            await self._send_history(watcher, after, begin)
        except Exception as error:  # noqa: BLE001 (whatever it is: whoever serves this watcher raises it)
            watcher.end(error)
        finally:
            del self._readers[watcher]

    async def _send_history(self, watcher: Watcher, after: int, begin: int) -> None:
        try:
            part = await self._history(watcher, begin)
        except log.Expired:
            self._reset(watcher, "expired")
            return
        if watcher.cursor == after and not self._lost(watcher):
            self._send(watcher, part.cut(watcher, begin))
        else:  # the page has set it back meanwhile, or this isn't the log any more
            self.sending.call(watcher)

    def _send(self, watcher: Watcher, cut: Cut) -> None:
        frame, position = cut
        watcher.stand(position, self.following.tail.head)
        watcher.flow.write(frame)
        if watcher.unseen is not None:
            self.sending.call(watcher)

    def _lost(self, watcher: Watcher) -> str | None:
        """Why the watcher's cursor can't be followed from, if it can't."""
        if watcher.log != self.following.name:
            return "other_log"
        return "ahead" if watcher.cursor > self.following.tail.head else None

    def _reset(self, watcher: Watcher, reason: str) -> None:
        watcher.log = self.following.name
        frame = Frame(FORMATS[watcher.format].reset(self.following.name, self.head, reason))
        self._send(watcher, (frame, self.head))

    async def _history(self, watcher: Watcher, after: int) -> Part:
        """What memory no longer holds, from the database; watchers that ask for the same share it."""
        subject = Subject(self.following.name, watcher.streams, watcher.format)
        if part := self._past.kept(subject, after):
            return part
        key = (subject, after)
        if key not in self._reads:
            upto = min(after + HISTORY_SPAN, self.head)
            self._reads[key] = asyncio.create_task(self._beside(lambda: self._past.read(subject, after, upto)))
            self._reads[key].add_done_callback(lambda _: self._reads.pop(key, None))
        return await asyncio.shield(self._reads[key])

    # What the log has grown by.

    def _take_in(self, entries: Sequence[Entry], restart: bool) -> None:
        """Have those served whom the changes concern: all, if they begin another log."""
        if restart:
            self._call_all()
        first: dict[str, int] = {}
        for entry in entries:
            for stream in entry.streams:
                first.setdefault(stream, entry.position)
        for stream in first.keys() & self._watchers.keys():
            for watcher in self._watchers[stream]:
                watcher.note(first[stream])
                self.sending.call(watcher)

    def _call_all(self) -> None:
        for watcher in self._all():
            watcher.note(watcher.cursor + 1)
            self.sending.call(watcher)

    def _all(self) -> set[Watcher]:
        return set().union(*self._watchers.values())

    async def _beside(self, work: Callable[[], T]) -> T:
        """Do what single watchers need in other threads, so that the others don't wait for it."""
        return await self._history_threads.run(lambda: _query_once(work))


def _query_once(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connections.close_all()


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


def running_hub() -> Hub | None:
    """The hub of the running event loop, if a watcher has come yet."""
    return _hubs.get(asyncio.get_running_loop())
