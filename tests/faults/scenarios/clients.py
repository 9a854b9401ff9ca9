"""Faults of clients that don't read."""

import time
from contextlib import ExitStack
from typing import get_args

from tests.faults.harness.assertions import assert_never_disconnected
from tests.faults.harness.clients import Stuck, Swarm
from tests.faults.harness.cluster import Cluster, Size, assert_within
from tests.faults.harness.memory import Memory, resident
from tests.faults.harness.registry import fault
from tests.support.processes import wait_until
from tests.support.servers import HOST

FILL = """
from django.db import transaction
with transaction.atomic():
    for number in range({count}):
        StatusChange.objects.create(user=User.objects.first(), text=f"{{number}}: " + "x" * 1900)
"""
MORE_MEMORY = 64.0
"""MiB that the stuck clients may cost."""
ARRIVE_WITHIN = 2.0
STALL, END_WITHIN = {"short": 3.0, "full": 10.0}, 15.0
"""FEED_STALL, and the seconds after it in which the server must end a stuck client."""


@fault("200 clients that never read, 200 that read a byte a second, and 200 that never read and go on sending")
def clients_stuck(cluster: Cluster, size: Size) -> None:
    """The server ends them. They cost little memory, and delay no other client."""
    count, events = (20, 300) if size == "short" else (200, 2000)
    ada = cluster.poster("ada", rate=20)
    server = cluster.server(FEED_STALL=str(STALL[size]))
    ada.wait_ready()
    server.shell(FILL.format(count=events))
    cluster.watch_posts_of(ada)
    cluster.wait_numbered()
    cluster.wait_sent()
    before = resident(server)
    ada.run()
    with Memory([server]) as memory, ExitStack() as stack:
        connected = time.monotonic()
        swarms = [stack.enter_context(Swarm(HOST, server.port, kind, count)) for kind in get_args(Stuck)]
        assert all(swarm.open() == count for swarm in swarms), "The server ended some clients too early."
        wait_until(lambda: not any(swarm.open() for swarm in swarms), "the server to end the stuck clients")
        ended = time.monotonic() - connected
        ada.pause()
    cluster.settle()
    assert memory.peak - before <= MORE_MEMORY, f"The stuck clients have cost {memory.peak - before:.0f} MiB."
    assert_within(STALL[size] + END_WITHIN, size, ended, "Ending the stuck clients")
    assert_within(ARRIVE_WITHIN, size, cluster.verdict().longest_delay, "An event to other clients")
    assert_never_disconnected(cluster.fleet.watchers)
