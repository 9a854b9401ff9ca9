"""Several processes write to one SQLite file, which allows one writer at a time."""

from contextlib import ExitStack

from tests.faults.harness.assertions import assert_never_disconnected
from tests.faults.harness.cluster import Cluster, Size
from tests.faults.harness.pages import Visitors
from tests.faults.harness.registry import fault


@fault("three processes that post to one SQLite file at once, and two servers by their pages", databases=["sqlite"])
def sqlite_shared(cluster: Cluster, size: Size) -> None:
    """Each writer waits for its turn. None gets the error that the database is locked."""
    count = 20 if size == "short" else 1000
    posters = [cluster.poster(name, count=count) for name in ("ada", "bela", "chidi")]
    servers = [cluster.server(), cluster.server()]
    cluster.watch_posts_of(*posters)
    session = posters[0].ready["session"]
    with ExitStack() as stack:
        visitors = [stack.enter_context(Visitors(server, session)) for server in servers]
        for poster in posters:
            poster.run()
        for poster in posters:
            poster.wait_done(timeout=600)
    cluster.settle()
    failures = [failure for poster in posters for failure in poster.failures()]
    assert not failures, f"{len(failures)} posts have failed: {failures[0]}"
    failures = [failure for each in visitors for failure in each.failures]
    assert not failures, f"{len(failures)} posts by page have failed: {failures[0]}"
    assert all(each.posted for each in visitors), "A server has received no post by page."
    assert not any("locked" in server.log() for server in servers), "A server has found the database locked."
    assert_never_disconnected(cluster.fleet.watchers)
