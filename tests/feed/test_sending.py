"""Whose turn it is to be sent a frame, without sockets and without a log."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pytest_django import Settings

from feed.frames.formats import Frame
from feed.hub.scheduler import BATCH, Scheduler, Stalled
from feed.hub.watcher import Watcher
from tests.lines import Line

PATIENCE = 10


class HeardLine(Line):
    """One at which a test can wait for what comes."""

    def __init__(self) -> None:
        super().__init__()
        self.written = asyncio.Event()

    def write(self, frame: Frame) -> None:
        super().write(frame)
        self.written.set()


class Feed:
    """Sends everybody the next number, and those who are behind one more."""

    def __init__(self) -> None:
        self.sending = Scheduler(self.serve)
        self.served: list[Watcher] = []
        self.broken: Watcher | None = None
        self.tasks = [asyncio.create_task(self.sending.go_round()), asyncio.create_task(self.sending.tick())]

    def serve(self, watcher: Watcher) -> None:
        if watcher is self.broken:
            raise ZeroDivisionError
        self.served.append(watcher)
        watcher.cursor += 1
        watcher.unseen = None if watcher.cursor >= 2 else watcher.cursor + 1
        watcher.flow.write(Frame(str(watcher.cursor)))
        if watcher.unseen is not None:
            self.sending.call(watcher)

    def come(self, cursor: int = 2) -> Watcher:
        watcher = Watcher(frozenset(["public"]), "json", HeardLine(), cursor)
        self.sending.add(watcher)
        return watcher


@pytest.fixture
async def feed() -> AsyncIterator[Feed]:
    feed = Feed()
    yield feed
    for task in feed.tasks:
        task.cancel()
    await asyncio.gather(*feed.tasks, return_exceptions=True)


def line(watcher: Watcher) -> HeardLine:
    assert isinstance(watcher.flow, HeardLine)
    return watcher.flow


def frames(watcher: Watcher) -> list[str]:
    return line(watcher).arrived


async def a_moment() -> None:
    """Until whoever can be served has been."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_who_is_called_is_sent_one_frame_however_often_that_is(feed: Feed) -> None:
    alice, bob = feed.come(), feed.come()
    feed.sending.call(alice)
    feed.sending.call(alice)
    await a_moment()
    assert (frames(alice), frames(bob)) == (["3"], [])


async def test_who_is_behind_is_sent_frames_until_it_is_not(feed: Feed) -> None:
    alice = feed.come(cursor=0)
    feed.sending.call(alice)
    await a_moment()
    assert frames(alice) == ["1", "2"]


async def test_who_does_not_read_costs_the_others_nothing_and_is_sent_the_rest_later(feed: Feed) -> None:
    alice, bob = feed.come(), feed.come()
    line(alice).fill()
    feed.sending.call(alice)
    feed.sending.call(bob)
    await a_moment()
    assert (frames(alice), frames(bob)) == ([], ["3"])
    line(alice).clear()
    await a_moment()
    assert frames(alice) == ["3"]


async def test_who_reads_again_is_sent_nothing_that_is_not_due(feed: Feed) -> None:
    alice = feed.come()
    line(alice).fill()
    line(alice).clear()
    await a_moment()
    assert frames(alice) == []


async def test_everything_else_has_its_turn_after_each_round(feed: Feed) -> None:
    watchers = [feed.come() for _ in range(BATCH + 1)]
    for watcher in watchers:
        feed.sending.call(watcher)
    async with asyncio.timeout(PATIENCE):
        await line(watchers[0]).written.wait()
    assert len(feed.served) == BATCH
    await a_moment()
    assert feed.served == watchers


async def test_who_has_left_is_sent_nothing_more(feed: Feed) -> None:
    alice = feed.come()
    feed.sending.call(alice)
    feed.sending.discard(alice)
    await a_moment()
    assert frames(alice) == []


async def test_a_watcher_that_cannot_be_served_is_ended_and_the_others_are_served(feed: Feed) -> None:
    alice, bob = feed.come(), feed.come()
    feed.broken = alice
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(PATIENCE) as alice.leash:
            feed.sending.call(alice)
            feed.sending.call(bob)
            await asyncio.Event().wait()
    assert isinstance(alice.reason, ZeroDivisionError)
    assert frames(bob) == ["3"]


async def test_a_heartbeat_comes_to_whom_nothing_was_sent_for_as_long(feed: Feed, settings: Settings) -> None:
    settings.FEED_HEARTBEAT = 0.05
    alice = feed.come()
    async with asyncio.timeout(PATIENCE):
        for _ in range(3):
            await line(alice).written.wait()
            line(alice).written.clear()
    assert frames(alice) == ["3", "4", "5"]


async def test_who_does_not_read_for_too_long_is_ended_and_only_if_something_was_due(
    feed: Feed, settings: Settings
) -> None:
    settings.FEED_STALL = 0.05
    alice, bob = feed.come(), feed.come()
    for watcher in (alice, bob):
        line(watcher).fill()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(PATIENCE) as alice.leash, asyncio.timeout(PATIENCE) as bob.leash:
            feed.sending.call(alice)
            await asyncio.Event().wait()
    assert isinstance(alice.reason, Stalled)
    assert bob.reason is None
