"""Faults with many watchers, servers or posting processes."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import get_args

from tests.faults.harness.cluster import Cluster, Size, assert_within
from tests.faults.harness.event_stream import COME_BACK
from tests.faults.harness.received import FormatName
from tests.faults.harness.registry import Target, fault
from tests.faults.harness.watcher import RecordingWatcher
from tests.support.servers import Kind

WATCHERS = {"short": 50, "full": 1000}
NAMES = ["ada", "bela", "chidi", "dora"]
KINDS: list[Kind] = ["daphne", "uvicorn", "daphne", "uvicorn"]
SHORT: list[Target] = [("daphne", "sqlite"), ("uvicorn", "sqlite")]
POST_TIMEOUT = 300.0
"""Seconds for all posts, on a machine with fewer cores than processes."""
RECONNECT_WITHIN = 30.0
END_WITHIN = 10.0
SPREAD = 2.0
"""The least time, in seconds, over which a server must end 1,000 watchers."""
RECONNECT_CODES: dict[Kind, int] = {"uvicorn": 1012, "daphne": 4012}


@fault(
    "four server processes and four posting processes on one PostgreSQL and one Redis",
    servers=["daphne"],
    databases=["postgresql"],
)
def four_of_each(cluster: Cluster, size: Size) -> None:
    """Every watcher of every server sees the whole log, in the same order."""
    many = 2 if size == "short" else 4
    posters = [cluster.poster(name, count=25 if size == "short" else 500) for name in NAMES[:many]]
    for kind in KINDS[:many]:
        cluster.server(kind)
    streams = [stream for poster in posters for stream in poster.wait_ready().streams]
    for server in cluster.servers:
        cluster.fleet.add_for_streams([server.url()], ["public", "kind:comment", "kind:status_change", *streams])
    cluster.fleet.wait_live()
    for poster in posters:
        poster.run()
    for poster in posters:
        poster.wait_done(POST_TIMEOUT)
    cluster.settle()


@fault("a server told to stop (SIGTERM) under load, with 1,000 watchers", databases=["postgresql"], short=SHORT)
def server_told_to_stop(cluster: Cluster, size: Size) -> None:
    """It tells its watchers to reconnect, one after the other, and they continue at another server."""
    ada = cluster.poster("ada", rate=20 if size == "short" else 2)
    one, other = cluster.server(), cluster.server()
    watchers = connect_many(cluster, size, [one.url(), other.url()], ada.wait_ready().streams)
    ada.run()
    cluster.wait_logged(5)
    signalled = time.monotonic()
    one.stop()
    ended = time.monotonic() - signalled
    cluster.fleet.wait_live()
    cluster.wait_logged(5)
    cluster.settle()
    assert_within(END_WITHIN, size, ended, "Stopping the server")
    assert_close_code(watchers, RECONNECT_CODES[one.kind])
    if size == "full":
        assert_spread(watchers)


def assert_close_code(watchers: Sequence[RecordingWatcher], code: int) -> None:
    wanted = Counter(COME_BACK if watcher.format == "events" else code for watcher in watchers)
    codes = Counter(watcher.endings[0].code for watcher in watchers)
    assert codes == wanted, f"Not all watchers were told to reconnect: {dict(codes)}"


def assert_spread(watchers: Sequence[RecordingWatcher]) -> None:
    """Assert that the server ended its watchers over seconds, and never many at once."""
    times = sorted(watcher.endings[0].at for watcher in watchers)
    took = times[-1] - times[0]
    at_once = max(sum(0 <= other - one < took / 10 for other in times) for one in times)
    assert took > SPREAD, f"All watchers were ended within {took:.2f} s."
    assert at_once < len(times) / 2, f"{at_once} of {len(times)} watchers were ended within {took / 10:.2f} s."


@fault("1,000 watchers that come back at once, after a restart", databases=["postgresql"], short=SHORT[:1])
def storm(cluster: Cluster, size: Size) -> None:
    """All reconnect within 30 s, and none is refused."""
    ada = cluster.poster("ada", rate=20 if size == "short" else 2)
    server = cluster.server()
    watchers = connect_many(cluster, size, [server.url()], ada.wait_ready().streams)
    ada.run()
    cluster.wait_logged(5)
    server.kill()
    cluster.wait_committed(5)
    server.start()
    started = time.monotonic()
    cluster.fleet.wait_live()
    seconds = max(watcher.opened[-1] for watcher in watchers) - started
    cluster.settle()
    assert_within(RECONNECT_WITHIN, size, seconds, "Reconnecting the last watcher")
    refusals = [reason for watcher in watchers for reason in watcher.refusals]
    assert not refusals, f"{len(refusals)} watchers were refused: {refusals[0]}"


def connect_many(
    cluster: Cluster, size: Size, addresses: Sequence[str], streams: Sequence[str]
) -> list[RecordingWatcher]:
    """Connect many watchers, of several streams and in all formats, to the first address."""
    wanted = ["public", "kind:comment", *streams]
    cluster.fleet.add_for_streams(
        addresses, wanted, times=WATCHERS[size] // (len(get_args(FormatName)) * len(wanted)) + 1, turn=0
    )
    cluster.fleet.wait_live()
    return cluster.fleet.watchers
