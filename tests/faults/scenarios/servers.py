"""Faults of server processes."""

from tests.faults.harness.cluster import Cluster, Size
from tests.faults.harness.registry import fault


@fault(
    "server killed (SIGKILL) in a burst of posts, and started again",
    short=[("daphne", "sqlite"), ("uvicorn", "sqlite")],
)
def server_killed(cluster: Cluster, size: Size) -> None:
    """Watchers resume from their cursors. Every committed event arrives, and none that was rolled back."""
    poster = cluster.poster("ada", rate=100 if size == "short" else 0)
    server = cluster.server()
    poster.wait_ready()
    cluster.fleet.add_for_streams([server.url()], ["public", "kind:comment", *poster.streams], times=2)
    cluster.fleet.wait_live()
    poster.run()
    for _ in range(1 if size == "short" else 5):
        cluster.wait_logged(20)
        server.kill()
        cluster.wait_committed(20)
        assert cluster.database.head_and_waiting()[1], "No change was waiting for its position."
        server.start()
        cluster.fleet.wait_live()
    cluster.settle()
