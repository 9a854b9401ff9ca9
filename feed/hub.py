"""The hub: follows the log once per process, keeps its newest part in memory, and wakes whom a change concerns.

A watcher owns nothing but its cursor. It asks the hub for the frame that follows it, sends that, and asks
again; what the log has grown by meanwhile is in the next frame. So nothing is queued per client.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connections

from feed import frames, goodbye, log, streams
from feed.frames import FORMATS, Entry, Frame
from feed.history import BATCH, History, Part, Subject
from feed.messages import GROUP
from feed.models import Change
from feed.sending import Sending
from feed.sessions import Sessions
from feed.tail import Tail, Watcher

HISTORY_SPAN = 20 * BATCH
"""Changes that are looked through for such a watcher before it is sent a frame, though there be none for it."""
logger = logging.getLogger(__name__)

T = TypeVar("T")


class Hub:
    """Made by `hub()`, once per event loop; it follows the log for as long as the loop runs."""

    def __init__(self) -> None:
        self.name = ""
        self.tail = Tail(head=-1)
        self.sessions = Sessions(self._beside)
        self.sending = Sending(self._serve)
        self.stopping = False
        self._is_ready_to_stop = False
        self._formats: frozenset[str] = frozenset()
        self._watchers: dict[str, set[Watcher]] = {}
        self._past = History()
        self._reads: dict[tuple[Subject, int], asyncio.Task[Part]] = {}
        self._readers: dict[Watcher, asyncio.Task[None]] = {}
        self._read_at = asyncio.get_running_loop().time()
        self._bell = asyncio.Event()
        self._alone = asyncio.Event()
        self._cycle = asyncio.Lock()
        self._log_thread = ThreadPoolExecutor(1, "rill-hub")
        self._history_threads = ThreadPoolExecutor(2, "rill-history")
        doing = (self._follow(), self._listen(), self.sessions.follow(), self.sending.go_round(), self.sending.tick())
        self._tasks = [asyncio.create_task(each) for each in doing]

    @property
    def head(self) -> int:
        """The newest position that watchers can be sent; -1 before the log was first read."""
        return self.tail.head

    # What consumers call.

    async def join(self, watcher: Watcher, after: int | None) -> None:
        """Send the watcher frames from now on, the first at once, from the cursor `after` or else from the head."""
        if self.head < (after or 0):
            await self._advance(after or 0)
        if watcher.format not in self._formats:
            await self._add_format(watcher.format)
        for stream in watcher.streams:
            self._watchers.setdefault(stream, set()).add(watcher)
        self.sessions.add(watcher)
        self.sending.add(watcher)
        watcher.log = watcher.log or self.name
        watcher.stand(self.head if after is None else after, self.head)
        self.sending.call(watcher)
        if self.stopping:
            watcher.end(goodbye.ComeBack())

    async def check(self, names: Collection[str]) -> None:
        """Raise Refusal if one of the streams doesn't exist. Only who asks for a row's own stream costs a query."""
        if any(streams.is_of_a_row(name) for name in names):
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
            others = self._watchers.get(stream, set())
            others.discard(watcher)
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

    def seconds_since_cycle(self) -> float:
        """How long ago the log was last read."""
        return asyncio.get_running_loop().time() - self._read_at

    async def close(self) -> None:
        """Stop following, and give the threads' database connections back."""
        tasks = [*self._tasks, *self._readers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self._log_thread.shutdown)
        await asyncio.to_thread(self._history_threads.shutdown)

    # What a watcher is sent.

    def _serve(self, watcher: Watcher) -> None:
        """Send the frame that follows the watcher's cursor, which moves: all that concerns it in (cursor, position]."""
        if watcher in self._readers:
            return
        begin = self.head if watcher.unseen is None else watcher.unseen - 1
        if reason := self._lost(watcher):
            self._reset(watcher, reason)
        elif begin < self.tail.start:
            self._readers[watcher] = asyncio.create_task(self._serve_history(watcher, watcher.cursor, begin))
        else:
            self._send(watcher, *self.tail.frame(watcher, begin))

    async def _serve_history(self, watcher: Watcher, after: int, begin: int) -> None:
        try:
            part = await self._history(watcher, begin)
            if watcher.cursor == after and not self._lost(watcher):
                self._send(watcher, *part.frame(watcher, begin))
            else:  # the page has set it back meanwhile, or this isn't the log any more
                self.sending.call(watcher)
        except log.Expired:
            self._reset(watcher, "expired")
        except Exception as error:  # noqa: BLE001 (whatever it is: whoever serves this watcher raises it)
            watcher.end(error)
        finally:
            del self._readers[watcher]

    def _send(self, watcher: Watcher, frame: Frame, position: int) -> None:
        watcher.stand(position, self.head)
        self.sending.send(watcher, frame)

    def _lost(self, watcher: Watcher) -> str | None:
        """Why the watcher's cursor can't be followed from, if it can't."""
        if watcher.log != self.name:
            return "other_log"
        return "ahead" if watcher.cursor > self.head else None

    def _reset(self, watcher: Watcher, reason: str) -> None:
        watcher.log = self.name
        self._send(watcher, Frame(FORMATS[watcher.format].reset(self.name, self.head, reason)), self.head)

    async def _add_format(self, name: str) -> None:
        """Encode what is in memory in one more format, and from now on what comes, too."""
        async with self._cycle:
            formats = self._formats | {name}
            await self._in_thread(lambda: _encode(self.tail.entries, formats))
            self._formats = formats

    async def _history(self, watcher: Watcher, after: int) -> Part:
        """What memory no longer holds, from the database; watchers that ask for the same share it."""
        subject = Subject(self.name, watcher.streams, watcher.format)
        if part := self._past.kept(subject, after):
            return part
        key = (subject, after)
        if key not in self._reads:
            upto = min(after + HISTORY_SPAN, self.head)
            self._reads[key] = asyncio.create_task(self._beside(lambda: self._past.read(subject, after, upto)))
            self._reads[key].add_done_callback(lambda _: self._reads.pop(key, None))
        return await asyncio.shield(self._reads[key])

    # How the log is followed.

    async def _follow(self) -> None:
        failing = rung = False
        try:
            while True:
                try:
                    await self._advance(rung=rung)
                    failing = False
                except DatabaseError as error:
                    if not failing:
                        logger.warning("The log can't be read, and is tried again at every poll: %s", error)
                    failing = True
                except Exception:
                    logger.exception("The log was not followed this time")
                rung = await self._ring_or_poll()
        finally:
            self._log_thread.submit(connections.close_all)
            self._log_thread.shutdown(wait=False)
            self._history_threads.shutdown(wait=False)

    async def _ring_or_poll(self) -> bool:
        """Whether the doorbell rang before the next poll was due."""
        try:
            async with asyncio.timeout(settings.FEED_POLL):
                return await self._bell.wait()
        except TimeoutError:
            return False
        finally:
            self._bell.clear()

    async def _listen(self) -> None:
        """Hear the doorbell. One receiver a process, as each would decode its own copy of every message."""
        layer = get_channel_layer()
        while layer is not None:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    await layer.receive(channel)
                    self._bell.set()
            except Exception as error:  # noqa: BLE001 (whatever a channel layer may raise: the poll must do meanwhile)
                logger.warning("The doorbell is out of order: %s", str(error) or type(error).__name__)
                await asyncio.sleep(settings.FEED_POLL)

    async def _advance(self, wanted: int | None = None, *, rung: bool = False) -> None:
        """Take in what the log has grown by. With `wanted`, not if that position is there by now."""
        async with self._cycle:
            more = wanted is None or self.head < wanted or self.head < 0
            while more:
                state, entries, restart = await self._in_thread(lambda: self._read_on(rung))
                if restart:
                    self.name, self.tail = state.name, Tail(entries[0].position - 1 if entries else state.head)
                    self._call_all()
                self._take_in(entries)
                self._read_at = asyncio.get_running_loop().time()
                more = self.head < state.head

    def _read_on(self, rung: bool) -> tuple[log.State, list[Entry], bool]:
        """Number what waits, and read on from the head; or anew from the end, if this isn't the log any more."""
        try:
            state, changes = log.follow(self.head, BATCH) if rung else self._look()
            restart = self._is_other(state)
            if restart:
                changes = log.read(max(state.floor, state.head - settings.FEED_TAIL), state.head)
        except log.Expired:  # it was pruned up to beyond the head: nothing here can be followed on from
            return log.state(), [], True
        return state, _load(changes, self._formats), restart

    def _look(self) -> tuple[log.State, list[Change]]:
        """What there is to follow, if anything: nothing is locked to find that out."""
        state = log.state()
        if state.waiting:
            state = log.number()
        return state, [] if self._is_other(state) else log.read(self.head, min(self.head + BATCH, state.head))

    def _is_other(self, state: log.State) -> bool:
        """Whether it isn't the log that has been followed so far."""
        return state.name != self.name or state.head < self.head

    def _take_in(self, entries: Sequence[Entry]) -> None:
        """Keep the changes, and have those served whom they concern."""
        self.tail.append(entries, settings.FEED_TAIL)
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

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Do what reads the log in the hub's own thread, which keeps its connection as long as that works."""
        return await asyncio.get_running_loop().run_in_executor(self._log_thread, _query, work)

    async def _beside(self, work: Callable[[], T]) -> T:
        """Do what single watchers need in other threads, so that the others don't wait for it."""
        return await asyncio.get_running_loop().run_in_executor(self._history_threads, _query_once, work)


def _query(work: Callable[[], T]) -> T:
    try:
        return work()
    except DatabaseError:
        connections.close_all()  # so that the next try has a new connection
        raise


def _query_once(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connections.close_all()


def _load(changes: Sequence[Change], formats: Iterable[str]) -> list[Entry]:
    entries = frames.load(changes)
    _encode(entries, formats)
    return entries


def _encode(entries: Iterable[Entry], formats: Iterable[str]) -> None:
    for entry in entries:
        entry.encode(formats)


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
