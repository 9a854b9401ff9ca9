"""A copy reads the snapshot and follows, whatever happens in between. The source says what the test lets it say."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async as in_thread
from django.db import OperationalError

from feed.client import Disconnected, Refused, Unavailable
from feed.mirror import copying
from feed.mirror.following import Follower
from feed.mirror.source import Source
from feed.mirror_table import Mirror
from feed.models import Event
from tests.feed.mirror.answers import LOG, event, snapshot
from tests.feed.mirror.conftest import URL, Json

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_ids", "no_waits")]


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.client.timing.Backoff.next", lambda *_, **__: 0.0)


def changes(after: int, *events: Json) -> Json:
    told = [{"position": after + number, "action": "created", "event": each} for number, each in enumerate(events, 1)]
    return {"type": "changes", "log": LOG, "after": after, "position": after + len(events), "changes": told}


class Script(Source):
    """Answers requests by these snapshots, one after the other, and connections by these frames."""

    def __init__(self, snapshots: list[Any], *connections: list[Any]) -> None:
        super().__init__(URL)
        self._snapshots, self._connections = iter(snapshots), iter(connections)
        self.asked: list[tuple[str, int]] = []
        self.addresses: list[str] = []

    async def _get(self, address: str) -> Json:
        self.addresses.append(address)
        return answered(self._snapshots)

    async def frames(self, log: str, position: int) -> AsyncIterator[Any]:
        self.asked.append((log, position))
        for frame in next(self._connections, [Refused("The end.")]):
            if isinstance(frame, BaseException):
                raise frame
            yield frame
        raise Disconnected("lost")


def answered(answers: Iterator[Any]) -> Json:
    answer = next(answers)
    if isinstance(answer, BaseException):
        raise answer
    found: Json = answer
    return found


async def follow(source: Source, *, once: bool = False) -> list[str]:
    """Follow until the script ends. Returns what the command has said."""
    told: list[str] = []
    follower = Follower(source, await in_thread(copying.begun)(URL, [], anew=False), told.append)
    if once:
        await follower.run_once()
    else:
        with pytest.raises(Refused, match=r"The end\."):
            await follower.run()
    return told


@in_thread
def here() -> tuple[list[tuple[int, str]], int | None]:
    """The events of the copy, and its position."""
    texts = [(each.pk, each.text) for each in Event.objects.order_by("pk")]
    return texts, Mirror.objects.get().position


END = [Refused("The end.")]


async def test_a_copy_reads_all_pages_and_follows_from_before_them() -> None:
    pages = [snapshot(7, event(5), event(4), following="/api/events/?before=4"), snapshot(9, event(2))]
    source = Script(pages, [changes(7), changes(7, event(6)), *END])
    told = await follow(source)
    assert source.addresses[1] == f"{URL}api/events/?before=4"
    assert source.asked == [(LOG, 7)]
    assert await here() == ([(2, "Hello"), (4, "Hello"), (5, "Hello"), (6, "Hello")], 8)
    assert told == ["Reading the snapshot.", "Following after 7."]


async def test_a_copy_that_is_started_again_follows_from_where_it_was() -> None:
    await follow(Script([snapshot(7, event(1))], [changes(7, event(2)), *END]))
    source = Script([], [changes(8, event(3)), *END])
    assert await follow(source) == []
    assert source.asked == [(LOG, 8)]
    assert await here() == ([(1, "Hello"), (2, "Hello"), (3, "Hello")], 9)


async def test_a_lost_connection_is_told_and_nothing_is_lost() -> None:
    source = Script([snapshot(7)], [changes(7, event(1)), Disconnected("gone")], [changes(8, event(2)), *END])
    assert (await follow(source))[-1] == "Trying again: gone"
    assert source.asked == [(LOG, 7), (LOG, 8)]
    assert await here() == ([(1, "Hello"), (2, "Hello")], 9)


async def test_frames_that_do_not_tile_are_asked_for_again() -> None:
    source = Script([snapshot(7)], [changes(7, event(1)), changes(9, event(3))], [changes(8, event(2)), *END])
    assert "Trying again: A frame begins after 9, but the copy is at 8." in await follow(source)
    assert source.asked == [(LOG, 7), (LOG, 8)]
    assert await here() == ([(1, "Hello"), (2, "Hello")], 9)


async def test_a_reset_makes_the_copy_like_the_snapshot() -> None:
    reset = {"type": "reset", "log": "new", "position": 3, "reason": "other_log"}
    restored = snapshot(3, event(2, "edited"), log="new")
    source = Script([snapshot(7, event(2), event(1)), restored], [changes(7), reset], END)
    assert "Reset (other_log)." in await follow(source)
    assert source.asked == [(LOG, 7), ("new", 3)]
    assert await here() == ([(2, "edited")], 3)


async def test_a_reset_is_not_forgotten_by_a_crash() -> None:
    """The source's log could grow beyond the old cursor meanwhile, and then it would accept that."""
    reset = {"type": "reset", "log": LOG, "position": 3, "reason": "ahead"}
    with pytest.raises(KeyboardInterrupt):
        await follow(Script([snapshot(7, event(1)), KeyboardInterrupt()], [changes(7), reset]))
    assert await here() == ([(1, "Hello")], None)
    source = Script([snapshot(9, event(2))], END)
    await follow(source)
    assert source.asked == [(LOG, 9)]
    assert await here() == ([(2, "Hello")], 9)


async def test_a_crash_while_the_snapshot_is_stored_begins_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [snapshot(7, event(5), event(4), following="/api/events/?before=4"), snapshot(9, event(2))]
    apply_page = copying.apply_page

    def crash_at_the_second(mirror: Mirror, page: Any) -> None:
        if Event.rows.exists():
            raise KeyboardInterrupt
        apply_page(mirror, page)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(copying, "apply_page", crash_at_the_second)
        await follow(Script(pages))
    assert await here() == ([(2, "Hello")], None)
    await follow(Script(pages, END))
    assert await here() == ([(2, "Hello"), (4, "Hello"), (5, "Hello")], 7)


async def test_a_source_that_is_down_is_asked_again() -> None:
    source = Script([Unavailable("unreachable"), snapshot(7, event(1))], END)
    assert "Trying again: unreachable" in await follow(source)
    assert await here() == ([(1, "Hello")], 7)


async def test_an_outage_of_the_database_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    apply_frame, failures = copying.apply_frame, iter([OperationalError("down"), None, None])

    def fail_once(mirror: Mirror, frame: Json) -> None:
        apply_frame(mirror, frame)
        if failure := next(failures):
            mirror.position = 7  # what a process believes whose commit has succeeded without an answer
            raise failure

    monkeypatch.setattr(copying, "apply_frame", fail_once)
    source = Script([snapshot(7)], [changes(7, event(1))], [changes(8, event(2)), *END])
    assert "Trying again: down" in await follow(source)
    assert source.asked == [(LOG, 7), (LOG, 8)]


async def test_once_ends_when_the_copy_has_what_there_was() -> None:
    await follow(Script([snapshot(7, event(1))]), once=True)
    source = Script([snapshot(9)], [changes(7, event(2)), changes(8, event(3)), AssertionError("is not read")])
    await follow(source, once=True)
    assert await here() == ([(1, "Hello"), (2, "Hello"), (3, "Hello")], 9)


async def test_once_reads_anew_after_a_reset() -> None:
    await follow(Script([snapshot(7, event(1))]), once=True)
    reset = {"type": "reset", "log": "new", "position": 3, "reason": "other_log"}
    await follow(Script([snapshot(3, event(2), log="new")], [reset]), once=True)
    assert await here() == ([(2, "Hello")], 3)


async def test_once_fails_if_the_source_is_down() -> None:
    with pytest.raises(Unavailable, match="unreachable"):
        await follow(Script([Unavailable("unreachable")]), once=True)
    await follow(Script([snapshot(7)]), once=True)
    with pytest.raises(Disconnected, match="gone"):
        await follow(Script([snapshot(9)], [Disconnected("gone")]), once=True)
