"""What happens to the processes that post, and to their rings."""

from tests.faults.harness.registry import fault
from tests.faults.harness.stage import Size, Stage, assert_within
from tests.faults.programs.bells import BellName

ARRIVE_WITHIN = 2.0


@fault("the process that posts is killed between its commit and its ring")
def poster_killed(stage: Stage, size: Size) -> None:
    """What it has committed arrives within 2 s, by the poll."""
    posters = [stage.poster(f"ada{number}") for number in range(1 if size == "short" else 8)]
    server = stage.server()
    streams = [stream for poster in posters for stream in poster.wait_ready().streams]
    stage.fleet.crew([server.url()], ["public", "kind:status_change", *streams])
    stage.fleet.wait_live()
    for poster in posters:
        poster.ring("fatal")
        poster.once()
        poster.wait_killed()
        stage.catch_up()
    assert_within(ARRIVE_WITHIN, size, stage.verdict().longest_delay, "An event has been on its way")


@fault(
    "every doorbell lost, then every one doubled, then their order shuffled",
    databases=["postgresql"],
    short=[("daphne", "sqlite")],
)
def rings_fail(stage: Stage, size: Size) -> None:
    """Only delay."""
    wrong: list[BellName] = ["lost", "doubled", "shuffled"]
    ada = stage.poster("ada", rate=50, count=20 if size == "short" else 500)
    server = stage.server()
    stage.fleet.crew([server.url()], ["public", "kind:comment", *ada.wait_ready().streams])
    stage.fleet.wait_live()
    for bell in wrong:
        ada.ring(bell)
        ada.run()
        ada.wait_done()
    stage.settle()
    assert_within(ARRIVE_WITHIN, size, stage.verdict().longest_delay, "An event has been on its way")
