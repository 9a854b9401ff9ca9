"""Watchers with cursors that the log can't serve, or can't serve any longer."""

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

from tests.faults.harness.assertions import assert_never_disconnected
from tests.faults.harness.cluster import Cluster, Size
from tests.faults.harness.pruning import PrunedDatabase
from tests.faults.harness.received import SOCKET_FORMATS, FormatName, Frame, parse
from tests.faults.harness.registry import fault
from tests.faults.harness.watcher import RecordingWatcher
from tests.support.processes import wait_until
from tests.support.servers import Server

NEGATIVE = ["-1", "-9223372036854775808"]
NOT_NUMBERS = ["x", "", " ", "1.5", "1e3", "0x10", "+1", "1 ", "\uff11", "9" * 19, "9" * 500, "\0"]
AHEAD = 10**9
TIMEOUT = 20
REWRITE = """
from django.db import transaction
newest = StatusChange.objects.filter(pk__in=list(StatusChange.objects.newest().values_list("pk", flat=True)[:100]))
with transaction.atomic():
    for number in range(20):
        newest.update(text=f"rewritten {number} times".ljust(1900, "."))
"""
"""Quickly adds more than a megabyte to the log, ten times what the network buffers for a client that doesn't read."""


@fault("cursors older than the log, ahead of it, of another log; negative, or no numbers")
def odd_cursors(cluster: Cluster, size: Size) -> None:
    """A watcher that can continue from a snapshot gets a `reset`. The others get an error, and 4400."""
    count, times = (40, 1) if size == "short" else (400, 10)
    cluster.database = database = PrunedDatabase(cluster.database)
    ada = cluster.poster("ada", count=count)
    server = cluster.server(FEED_TAIL=str(count // 4))
    cluster.watch_posts_of(ada)
    good = list(cluster.fleet.watchers)
    post_all(cluster)
    floor = database.prune(server, position=database.head_and_waiting()[0] // 2)
    assert floor, "Nothing was pruned."
    streams = ["public", *ada.streams] * times
    wait_until(partial(cache_has_expired, server, floor - 1, streams), "the server's cached history pages to expire")
    added = {
        "expired": add_watchers(cluster, streams, after=floor - 1),
        "ahead": add_watchers(cluster, streams, after=AHEAD),
        "other_log": add_watchers(cluster, streams, after=floor + 1, log="another"),
    }
    cluster.fleet.wait_live()
    for form, cursor in product(SOCKET_FORMATS, [*NEGATIVE, *NOT_NUMBERS]):
        assert_refused(server, form, cursor)
    wait_until(
        lambda: all(watcher.cursor < AHEAD for watcher in added["ahead"]), "the watchers that are ahead to be reset"
    )
    post_all(cluster)
    cluster.settle()
    for reason, watchers in added.items():
        told = {(watcher.arrivals[0].frame.type, watcher.arrivals[0].frame.reason) for watcher in watchers}
        assert told == {("reset", reason)}, f"Not all watchers with the cursor {reason!r} were told so: {told}"
    assert_never_disconnected(cluster.fleet.watchers)
    assert not [watcher for watcher in good if resets(watcher)], "A watcher with a good cursor was reset."


@fault("the log pruned while watchers replay it")
def pruned_while_replayed(cluster: Cluster, size: Size) -> None:
    """Each watcher gets the whole log or a reset. None gets a part as if it were the whole."""
    cluster.database = database = PrunedDatabase(cluster.database)
    count, rounds = (100, 1) if size == "short" else (300, 5)
    ada = cluster.poster("ada", count=count)
    server = cluster.server(FEED_TAIL=str(count))
    cluster.watch_posts_of(ada)
    floor = 0
    for _ in range(rounds):
        for prune in (ahead_of_all, behind_all):
            post_all(cluster)
            server.shell(REWRITE)
            cluster.catch_up()
            gate = asyncio.Event()
            wave = add_watchers(cluster, ["public", "user:ada"], after=floor, gate=gate)
            wait_until(partial(have_begun, wave, floor), "all watchers to replay")
            floor = database.prune(server, position=prune(cluster, wave))
            cluster.fleet.open_gate(gate)
            cluster.wait_sent()
            if prune == ahead_of_all:
                assert all(map(is_cut_short, wave)), "Not all watchers were reset during the replay."
            else:
                assert not any(map(resets, wave)), "A watcher was reset although the log still had its changes."
    post_all(cluster)
    cluster.settle()
    assert_never_disconnected(cluster.fleet.watchers)


def post_all(cluster: Cluster) -> None:
    """Let each posting process run until it is done, and wait until its events have arrived."""
    for poster in cluster.posters:
        poster.run()
    for poster in cluster.posters:
        poster.wait_done()
    cluster.catch_up()


def add_watchers(
    cluster: Cluster, streams: Sequence[str], *, after: int, log: str = "", gate: asyncio.Event | None = None
) -> list[RecordingWatcher]:
    """Add a watcher with this cursor for each stream and format. It already has the rows of the database."""
    state = cluster.database.state()
    known = {stream: state.rows_in(frozenset([stream])) for stream in streams}
    return cluster.fleet.add(
        RecordingWatcher(cluster.addresses, (stream,), form, after=after, log=log, gate=gate, rows=dict(known[stream]))
        for stream, form in product(streams, get_args(FormatName))
    )


def cache_has_expired(server: Server, cursor: int, streams: Sequence[str]) -> bool:
    """Whether this cursor is always answered with a reset. History pages stay in the cache for a moment."""
    return all(
        first_frame(server, form, cursor, stream).type == "reset"
        for stream, form in product(set(streams), SOCKET_FORMATS)
    )


def first_frame(server: Server, form: FormatName, cursor: int, stream: str) -> Frame:
    with connect(server.ws_url(urlencode({"format": form, "after": cursor, "stream": stream}))) as connection:
        return parse(form, connection.recv(TIMEOUT, decode=True))


def assert_refused(server: Server, form: FormatName, cursor: str) -> None:
    """A program sends its cursor in the URL, a page in its first message."""
    query = "format=html" if form == "html" else urlencode({"after": cursor})
    with connect(server.ws_url(query)) as connection:
        if form == "html":
            connection.send(json.dumps({"after": cursor}))
        frame = parse(form, connection.recv(TIMEOUT, decode=True))
        assert frame.type == "error", f"{form}: the cursor {cursor!r} was answered with {frame}."
        with suppress(ConnectionClosed):
            connection.recv(TIMEOUT)
    assert connection.close_code == 4400, f"{form}: the cursor {cursor!r} was answered with {connection.close_code}."


def ahead_of_all(cluster: Cluster, watchers: Sequence[RecordingWatcher]) -> int:
    """The head: the server can't have sent so much to a watcher that doesn't read."""
    return cluster.database.head_and_waiting()[0]


def behind_all(cluster: Cluster, watchers: Sequence[RecordingWatcher]) -> int:
    """The lowest position that some watcher has not received."""
    return min(watcher.cursor for watcher in watchers) + 1


def have_begun(watchers: Sequence[RecordingWatcher], floor: int) -> bool:
    """Whether each of them has received a frame."""
    return all(watcher.cursor > floor for watcher in watchers)


def is_cut_short(watcher: RecordingWatcher) -> bool:
    """Whether it received changes, and then a reset."""
    return resets(watcher) > 0 and watcher.arrivals[0].frame.type == "changes"


def resets(watcher: RecordingWatcher) -> int:
    return sum(arrival.frame.type == "reset" for arrival in watcher.arrivals)
