"""What happens at the other ends of the connections."""

import time
from contextlib import ExitStack
from typing import get_args

from tests.faults.harness.claims import assert_stayed
from tests.faults.harness.clients import Stuck, Swarm
from tests.faults.harness.memory import Memory, resident
from tests.faults.harness.registry import fault
from tests.faults.harness.stage import Size, Stage, assert_within
from tests.support.processes import wait_until
from tests.support.servers import HOST

FILL = """
from django.db import transaction
with transaction.atomic():
    for number in range({count}):
        StatusChange.objects.create(user=User.objects.first(), text=f"{{number}}: " + "x" * 1900)
"""
MORE_MEMORY = 64.0
"""MiB."""
ARRIVE_WITHIN = 2.0
STALL, END_WITHIN = {"short": 3.0, "full": 10.0}, 15.0
"""Seconds that a client may not read, and in which it is ended when they are over."""


@fault("200 clients that never read, 200 that read a byte a second, and 200 that never read and go on sending")
def clients_stuck(stage: Stage, size: Size) -> None:
    """They are ended, cost little memory, and nobody else has to wait for them."""
    count, events = (20, 300) if size == "short" else (200, 2000)
    ada = stage.poster("ada", rate=20)
    server = stage.server(FEED_STALL=str(STALL[size]))
    ada.wait_ready()
    server.shell(FILL.format(count=events))
    stage.crew_of(ada)
    stage.wait_numbered()
    stage.wait_sent()
    before = resident(server)
    ada.run()
    with Memory([server]) as memory, ExitStack() as stack:
        came = time.monotonic()
        swarms = [stack.enter_context(Swarm(HOST, server.port, kind, count)) for kind in get_args(Stuck)]
        assert all(swarm.open() == count for swarm in swarms), "Some were ended before they were stuck."
        wait_until(lambda: not any(swarm.open() for swarm in swarms), "the stuck clients to be ended")
        ended = time.monotonic() - came
        ada.rest()
    stage.settle()
    assert memory.peak - before <= MORE_MEMORY, f"They have cost {memory.peak - before:.0f} MiB of memory."
    assert_within(STALL[size] + END_WITHIN, size, ended, "To end the stuck clients")
    assert_within(ARRIVE_WITHIN, size, stage.verdict().longest_delay, "An event to others")
    assert_stayed(stage.fleet.watchers)
