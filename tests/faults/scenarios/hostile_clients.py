"""What clients send that no client should."""

from contextlib import ExitStack
from typing import get_args

from tests.faults.harness.claims import assert_stayed
from tests.faults.harness.floods import Flood, Sent
from tests.faults.harness.hostile import every
from tests.faults.harness.memory import Memory, resident
from tests.faults.harness.registry import fault
from tests.faults.harness.stage import Size, Stage, assert_within
from tests.support.processes import wait_until
from tests.support.servers import HOST
from tests.test_hostile import provoke

ARRIVE_WITHIN = 2.0
MORE_MEMORY = 64.0
"""MiB."""


@fault("frames of 100 MB, a million small ones, broken UTF-8, JSON and handshakes, absurd cursors, 10,000 streams")
def clients_hostile(stage: Stage, size: Size) -> None:
    """Each is answered or its connection ended; it costs a line in the log at most, no memory, and nobody else."""
    ada = stage.poster("ada", rate=20)
    server = stage.server()
    stage.crew_of(ada)
    ada.run()
    before = resident(server)
    chosen = list(every())[:: 10 if size == "short" else 1]
    with Memory([server]) as memory:
        for hostile in chosen:
            provoke(server, hostile)
        stage.wait_committed(1)
        ada.rest()
    stage.settle()
    told = len(server.log().splitlines())
    assert told <= len(chosen), f"{len(chosen)} connections have made {told} lines in the log."
    assert memory.peak - before <= MORE_MEMORY, f"They have cost {memory.peak - before:.0f} MiB of memory."
    assert_within(ARRIVE_WITHIN, size, stage.verdict().longest_delay, "An event to others")
    assert_stayed(stage.fleet.watchers)


@fault(
    "clients that flood with pings, pongs, parts of nothing, single bytes and messages without end, and come back",
    short=[("daphne", "sqlite"), ("uvicorn", "sqlite")],
)
def clients_flood(stage: Stage, size: Size) -> None:
    """Each is ended, costs no memory, and holds up nobody else."""
    count, ends = (1, 1) if size == "short" else (4, 12)
    ada = stage.poster("ada", rate=20)
    server = stage.server()
    stage.crew_of(ada)
    ada.run()
    before = resident(server)
    with Memory([server]) as memory, ExitStack() as stack:
        floods = [stack.enter_context(Flood(HOST, server.port, sent, count, again=True)) for sent in get_args(Sent)]
        wait_until(lambda: all(flood.ended >= ends for flood in floods), "the clients to be ended")
        ada.rest()
    stage.settle()
    assert memory.peak - before <= MORE_MEMORY, f"They have cost {memory.peak - before:.0f} MiB of memory."
    assert_within(ARRIVE_WITHIN, size, stage.verdict().longest_delay, "An event to others")
    assert_stayed(stage.fleet.watchers)
