"""Faults of posting processes and of their doorbells."""

from tests.faults.harness.cluster import Cluster, Size, assert_within
from tests.faults.harness.registry import fault
from tests.faults.programs.broken_doorbells import DoorbellName

ARRIVE_WITHIN = 2.0


@fault("the process that posts is killed between its commit and its ring")
def poster_killed(cluster: Cluster, size: Size) -> None:
    """Its last commit arrives within 2 s, by the poll."""
    posters = [cluster.poster(f"ada{number}") for number in range(1 if size == "short" else 8)]
    server = cluster.server()
    streams = [stream for poster in posters for stream in poster.wait_ready().streams]
    cluster.fleet.add_for_streams([server.url()], ["public", "kind:status_change", *streams])
    cluster.fleet.wait_live()
    for poster in posters:
        poster.use_doorbell("fatal")
        poster.post_once()
        poster.wait_killed()
        cluster.catch_up()
    assert_within(ARRIVE_WITHIN, size, cluster.verdict().longest_delay, "Delivering an event")


@fault(
    "every doorbell lost, then every one doubled, then their order shuffled",
    databases=["postgresql"],
    short=[("daphne", "sqlite")],
)
def rings_fail(cluster: Cluster, size: Size) -> None:
    """They delay events, but lose none."""
    broken: list[DoorbellName] = ["lost", "doubled", "shuffled"]
    ada = cluster.poster("ada", rate=50, count=20 if size == "short" else 500)
    server = cluster.server()
    cluster.fleet.add_for_streams([server.url()], ["public", "kind:comment", *ada.wait_ready().streams])
    cluster.fleet.wait_live()
    for name in broken:
        ada.use_doorbell(name)
        ada.run()
        ada.wait_done()
    cluster.settle()
    assert_within(ARRIVE_WITHIN, size, cluster.verdict().longest_delay, "Delivering an event")
