"""Faults of clients that send hostile input, or too much."""

from contextlib import ExitStack
from typing import get_args

from tests.faults.harness.assertions import assert_never_disconnected
from tests.faults.harness.cluster import Cluster, Size, assert_within
from tests.faults.harness.floods import Flood, Sent
from tests.faults.harness.hostile import every
from tests.faults.harness.memory import Memory, resident
from tests.faults.harness.registry import fault
from tests.support.processes import wait_until
from tests.support.servers import HOST
from tests.test_hostile import provoke

ARRIVE_WITHIN = 2.0
MORE_MEMORY = 64.0
"""MiB that these clients may cost."""


@fault("frames of 100 MB, a million small ones, broken UTF-8, JSON and handshakes, absurd cursors, 10,000 streams")
def clients_hostile(cluster: Cluster, size: Size) -> None:
    """The server answers or ends each connection. It costs one log line at most, little memory, and delays nobody."""
    ada = cluster.poster("ada", rate=20)
    server = cluster.server()
    cluster.watch_posts_of(ada)
    ada.run()
    before = resident(server)
    chosen = list(every())[:: 10 if size == "short" else 1]
    with Memory([server]) as memory:
        for hostile in chosen:
            provoke(server, hostile)
        cluster.wait_committed(1)
        ada.pause()
    cluster.settle()
    lines = len(server.log().splitlines())
    assert lines <= len(chosen), f"{len(chosen)} connections have caused {lines} lines in the server's log."
    assert memory.peak - before <= MORE_MEMORY, f"The clients have cost {memory.peak - before:.0f} MiB."
    assert_within(ARRIVE_WITHIN, size, cluster.verdict().longest_delay, "An event to other clients")
    assert_never_disconnected(cluster.fleet.watchers)


@fault(
    "clients that flood with pings, pongs, parts of nothing, single bytes and messages without end, and come back",
    short=[("daphne", "sqlite"), ("uvicorn", "sqlite")],
)
def clients_flood(cluster: Cluster, size: Size) -> None:
    """The server ends each. They cost little memory, and delay no other client."""
    count, ends = (1, 1) if size == "short" else (4, 12)
    ada = cluster.poster("ada", rate=20)
    server = cluster.server()
    cluster.watch_posts_of(ada)
    ada.run()
    before = resident(server)
    with Memory([server]) as memory, ExitStack() as stack:
        floods = [stack.enter_context(Flood(HOST, server.port, sent, count, again=True)) for sent in get_args(Sent)]
        wait_until(lambda: all(flood.ended >= ends for flood in floods), "the server to end the clients")
        ada.pause()
    cluster.settle()
    assert memory.peak - before <= MORE_MEMORY, f"The clients have cost {memory.peak - before:.0f} MiB."
    assert_within(ARRIVE_WITHIN, size, cluster.verdict().longest_delay, "An event to other clients")
    assert_never_disconnected(cluster.fleet.watchers)
