"""Which watcher is served next: without sockets, and without a log."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pytest_django import Settings

from feed.frames.formats import Frame
from feed.hub.scheduler import BATCH, Scheduler, Stalled
from feed.hub.sender import Sender
from feed.hub.watcher import Watcher
from tests.support.connections import Line

TIMEOUT = 10


class HeardLine(Line):
    """A test can wait for its next frame."""

    def __init__(self) -> None:
        super().__init__()
        self.written = asyncio.Event()

    def write(self, frame: Frame) -> None:
        super().write(frame)
        self.written.set()


class Numbers(Sender):
    """Sends the next number; watchers before 2 are behind.

    read: what a watcher has to wait for, as for a page of history.
    """

    def __init__(self) -> None:
        self.served: list[Watcher] = []
        self.broken: Watcher | None = None
        self.read: asyncio.Task[Any] | None = None

    def serve(self, watcher: Watcher) -> asyncio.Task[Any] | None:
        if watcher is self.broken:
            raise ZeroDivisionError
        if self.read and not self.read.done():
            return self.read
        self.served.append(watcher)
        watcher.cursor += 1
        watcher.pending_from = None if watcher.cursor >= 2 else watcher.cursor + 1
        watcher.connection.write(Frame(str(watcher.cursor)))
        return None

    def forget(self, watcher: Watcher) -> None: ...

    def count(self) -> None: ...


class Feed:
    def __init__(self) -> None:
        self.sender = Numbers()
        self.scheduler = Scheduler(self.sender)
        self.tasks = [asyncio.create_task(self.scheduler.run()), asyncio.create_task(self.scheduler.run_timers())]

    def join(self, cursor: int = 2) -> Watcher:
        watcher = Watcher(frozenset(["public"]), "json", HeardLine(), cursor)
        self.scheduler.add(watcher)
        return watcher


@pytest.fixture
async def feed() -> AsyncIterator[Feed]:
    feed = Feed()
    yield feed
    for task in feed.tasks:
        task.cancel()
    await asyncio.gather(*feed.tasks, return_exceptions=True)


def line(watcher: Watcher) -> HeardLine:
    assert isinstance(watcher.connection, HeardLine)
    return watcher.connection


def frames(watcher: Watcher) -> list[str]:
    return line(watcher).arrived


async def a_moment() -> None:
    """Until every watcher that can be served has been."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_watcher_that_is_enqueued_twice_gets_one_frame(feed: Feed) -> None:
    alice, bob = feed.join(), feed.join()
    feed.scheduler.enqueue(alice)
    feed.scheduler.enqueue(alice)
    await a_moment()
    assert (frames(alice), frames(bob)) == (["3"], [])


async def test_a_watcher_that_is_behind_gets_frames_until_it_has_caught_up(feed: Feed) -> None:
    alice = feed.join(cursor=0)
    feed.scheduler.enqueue(alice)
    await a_moment()
    assert frames(alice) == ["1", "2"]


async def test_a_client_that_does_not_read_holds_up_nobody_and_gets_its_frame_later(feed: Feed) -> None:
    alice, bob = feed.join(), feed.join()
    line(alice).fill()
    feed.scheduler.enqueue(alice)
    feed.scheduler.enqueue(bob)
    await a_moment()
    assert (frames(alice), frames(bob)) == ([], ["3"])
    line(alice).clear()
    await a_moment()
    assert frames(alice) == ["3"]


async def test_a_client_that_reads_again_gets_no_frame_that_is_not_due(feed: Feed) -> None:
    alice = feed.join()
    line(alice).fill()
    line(alice).clear()
    await a_moment()
    assert frames(alice) == []


async def test_the_event_loop_does_other_work_after_each_batch(feed: Feed) -> None:
    watchers = [feed.join() for _ in range(BATCH + 1)]
    for watcher in watchers:
        feed.scheduler.enqueue(watcher)
    async with asyncio.timeout(TIMEOUT):
        await line(watchers[0]).written.wait()
    assert len(feed.sender.served) == BATCH
    await a_moment()
    assert feed.sender.served == watchers


async def test_a_watcher_that_has_left_gets_nothing(feed: Feed) -> None:
    alice = feed.join()
    feed.scheduler.enqueue(alice)
    feed.scheduler.discard(alice)
    await a_moment()
    assert frames(alice) == []


async def test_a_watcher_that_cannot_be_served_is_ended_and_the_others_are_served(feed: Feed) -> None:
    alice, bob = feed.join(), feed.join()
    feed.sender.broken = alice
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(TIMEOUT) as alice.cancel_scope:
            feed.scheduler.enqueue(alice)
            feed.scheduler.enqueue(bob)
            await asyncio.Event().wait()
    assert isinstance(alice.reason, ZeroDivisionError)
    assert frames(bob) == ["3"]


async def test_a_watcher_without_frames_gets_heartbeats(feed: Feed, settings: Settings) -> None:
    settings.FEED_HEARTBEAT = 0.05
    alice = feed.join()
    async with asyncio.timeout(TIMEOUT):
        for _ in range(3):
            await line(alice).written.wait()
            line(alice).written.clear()
    assert frames(alice) == ["3", "4", "5"]


async def test_a_stalled_client_is_ended_if_a_frame_is_due_to_it(feed: Feed, settings: Settings) -> None:
    settings.FEED_STALL = 0.05
    alice, bob = feed.join(), feed.join()
    for watcher in (alice, bob):
        line(watcher).fill()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(TIMEOUT) as alice.cancel_scope, asyncio.timeout(TIMEOUT) as bob.cancel_scope:
            feed.scheduler.enqueue(alice)
            await asyncio.Event().wait()
    assert isinstance(alice.reason, Stalled)
    assert bob.reason is None


async def test_a_watcher_that_waits_for_history_is_served_once_it_is_read(feed: Feed) -> None:
    alice = feed.join()
    read = asyncio.Event()
    feed.sender.read = asyncio.create_task(read.wait())
    feed.scheduler.enqueue(alice)
    await a_moment()
    assert frames(alice) == []
    read.set()
    await a_moment()
    assert frames(alice) == ["3"]
