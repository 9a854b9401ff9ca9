"""What clients send that no client should."""

from tests.faults.claims import assert_stayed
from tests.faults.hostile import every
from tests.faults.memory import Memory, resident
from tests.faults.registry import Size, fault
from tests.faults.stage import Stage, assert_within
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
