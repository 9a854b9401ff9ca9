"""What happens to who comes with a cursor that can't be followed from, or no longer."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import product
from typing import get_args
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.faults.harness.claims import assert_stayed
from tests.faults.harness.pruning import PrunedDatabase
from tests.faults.harness.received import FormatName, Frame, parse
from tests.faults.harness.registry import fault
from tests.faults.harness.stage import Size, Stage
from tests.faults.harness.watcher import Watcher
from tests.support.processes import wait_until
from tests.support.servers import Server

NEGATIVE = ["-1", "-9223372036854775808"]
NO_NUMBERS = ["x", "", " ", "1.5", "1e3", "0x10", "+1", "1 ", "\uff11", "9" * 19, "9" * 500, "\0"]
AHEAD = 10**9
PATIENCE = 20
REWRITE = """
from django.db import transaction
with transaction.atomic():
    for number in range(20):
        StatusChange.objects.update(text=f"rewritten {number} times".ljust(1900, "."))
"""
"""Makes the log longer in no time: by a megabyte and more, of which a tenth can wait on the way to who doesn't read."""


@fault("cursors older than the log, ahead of it, of another log; negative, or no numbers")
def odd_cursors(stage: Stage, size: Size) -> None:
    """Who can load a snapshot and go on from there is told so (`reset`); the others get an error, and 4400."""
    count, times = (40, 1) if size == "short" else (400, 10)
    stage.database = database = PrunedDatabase(stage.database)
    ada = stage.poster("ada", count=count)
    server = stage.server(FEED_TAIL=str(count // 4))
    stage.crew_of(ada)
    good = list(stage.fleet.watchers)
    post_all(stage)
    floor = database.prune(server, position=database.standing()[0] // 2)
    assert floor, "Nothing was pruned."
    streams = ["public", *ada.streams] * times
    wait_until(partial(has_forgotten, server, floor - 1, streams), "the server to forget what it has read just now")
    came = {
        "expired": come(stage, streams, after=floor - 1),
        "ahead": come(stage, streams, after=AHEAD),
        "other_log": come(stage, streams, after=floor + 1, log="another"),
    }
    stage.fleet.wait_live()
    for form, cursor in product(get_args(FormatName), [*NEGATIVE, *NO_NUMBERS]):
        assert_refused(server, form, cursor)
    wait_until(lambda: all(watcher.cursor < AHEAD for watcher in came["ahead"]), "those who are ahead to go back")
    post_all(stage)
    stage.settle()
    for reason, watchers in came.items():
        told = {(watcher.arrivals[0].frame.type, watcher.arrivals[0].frame.reason) for watcher in watchers}
        assert told == {("reset", reason)}, f"Not all whose cursor is {reason} were told so: {told}"
    assert_stayed(stage.fleet.watchers)
    assert not [watcher for watcher in good if resets(watcher)], "Somebody was reset whose cursor was good."


@fault("the log pruned while watchers replay it")
def pruned_while_replayed(stage: Stage, size: Size) -> None:
    """Each is sent all of it, or is told that it can't be; nobody a part of it as if it was all."""
    stage.database = database = PrunedDatabase(stage.database)
    count, rounds = (100, 1) if size == "short" else (300, 5)
    ada = stage.poster("ada", count=count)
    server = stage.server(FEED_TAIL=str(count))
    stage.crew_of(ada)
    floor = 0
    for _ in range(rounds):
        for prune in (beyond_all, behind_all):
            post_all(stage)
            server.shell(REWRITE)
            stage.catch_up()
            cue = asyncio.Event()
            wave = come(stage, ["public", "user:ada"], after=floor, cue=cue)
            wait_until(partial(have_begun, wave, floor), "all to replay")
            floor = database.prune(server, position=prune(stage, wave))
            stage.fleet.give_cue(cue)
            stage.wait_sent()
            if prune == beyond_all:
                assert all(map(is_cut_short, wave)), "Not everybody was reset in the midst of the replay."
            else:
                assert not any(map(resets, wave)), "Somebody was reset though the log held it all."
    post_all(stage)
    stage.settle()
    assert_stayed(stage.fleet.watchers)


def post_all(stage: Stage) -> None:
    """Let each posting process do all that it has to do, and wait until it has arrived."""
    for poster in stage.posters:
        poster.run()
    for poster in stage.posters:
        poster.wait_done()
    stage.catch_up()


def come(
    stage: Stage, streams: Sequence[str], *, after: int, log: str = "", cue: asyncio.Event | None = None
) -> list[Watcher]:
    """More watchers, with such a cursor, who know what was there before it: of each stream one in each format."""
    truth = stage.database.truth()
    known = {stream: truth.rows_in(frozenset([stream])) for stream in streams}
    return stage.fleet.watch(
        Watcher(stage.addresses, (stream,), form, after=after, log=log, cue=cue, rows=dict(known[stream]))
        for stream, form in product(streams, get_args(FormatName))
    )


def has_forgotten(server: Server, cursor: int, streams: Sequence[str]) -> bool:
    """Whether nobody is served from this cursor any more. What was read before it was pruned is kept for a moment."""
    return all(
        first_frame(server, form, cursor, stream).type == "reset"
        for stream, form in product(set(streams), get_args(FormatName))
    )


def first_frame(server: Server, form: FormatName, cursor: int, stream: str) -> Frame:
    with connect(server.ws_url(urlencode({"format": form, "after": cursor, "stream": stream}))) as connection:
        return parse(form, connection.recv(PATIENCE, decode=True))


def assert_refused(server: Server, form: FormatName, cursor: str) -> None:
    """A program says its cursor in the URL, a page in its first message."""
    query = "format=html" if form == "html" else urlencode({"after": cursor})
    with connect(server.ws_url(query)) as connection:
        if form == "html":
            connection.send(json.dumps({"after": cursor}))
        frame = parse(form, connection.recv(PATIENCE, decode=True))
        assert frame.type == "error", f"{form}: the cursor {cursor!r} was answered with {frame}."
        with suppress(ConnectionClosed):
            connection.recv(PATIENCE)
    assert connection.close_code == 4400, f"{form}: the cursor {cursor!r} was answered with {connection.close_code}."


def beyond_all(stage: Stage, watchers: Sequence[Watcher]) -> int:
    """A position that the server can't have come to with anybody who doesn't read."""
    return stage.database.standing()[0]


def behind_all(stage: Stage, watchers: Sequence[Watcher]) -> int:
    """The first position that not all of them have come to."""
    return min(watcher.cursor for watcher in watchers) + 1


def have_begun(watchers: Sequence[Watcher], floor: int) -> bool:
    """Whether each of them has been sent something."""
    return all(watcher.cursor > floor for watcher in watchers)


def is_cut_short(watcher: Watcher) -> bool:
    """Whether it was sent a part, and then a reset."""
    return resets(watcher) > 0 and watcher.arrivals[0].frame.type == "changes"


def resets(watcher: Watcher) -> int:
    return sum(arrival.frame.type == "reset" for arrival in watcher.arrivals)
