"""Faults of numbering: deadlocks and serialization failures."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from psycopg.errors import DeadlockDetected

from tests.faults.harness import postgresql
from tests.faults.harness.assertions import assert_never_disconnected, assert_only_known_commits
from tests.faults.harness.cluster import Cluster, Size
from tests.faults.harness.registry import fault
from tests.support.processes import wait_until

LOCK_LOG = "SELECT FROM feed_log FOR UPDATE"
LOCK_CHANGE = "SELECT FROM feed_change WHERE id = %s FOR UPDATE"


@fault("deadlocks in numbering", databases=["postgresql"], short=[("daphne", "postgresql")])
def numbering_deadlocked(cluster: Cluster, size: Size) -> None:
    """A hub locks the log and waits for a change, which is locked by a session that waits for the log."""
    ada = cluster.poster("ada")
    cluster.server()
    cluster.server()
    cluster.watch_posts_of(ada)
    for times in range(1 if size == "short" else 10):
        cause_deadlock(cluster.database.url, lambda: ada.post_once()[0])
        wait_until(partial(is_logged, cluster, "deadlock detected", times + 1), "PostgreSQL to end a hub's transaction")
        cluster.catch_up()
    cluster.settle()
    assert_only_known_commits(cluster)
    assert_never_disconnected(cluster.fleet.watchers)


def cause_deadlock(url: str, post: Callable[[], int]) -> None:
    """Lock a posted change, and queue for the log behind a hub, before the hub gets to the change."""
    with postgresql.session(url) as keeper, postgresql.session(url) as rival, ThreadPoolExecutor(1) as threads:
        keeper.execute(LOCK_LOG)
        key = post()
        wait_until(lambda: postgresql.sessions_that_wait(url) > 0, "a hub to number")
        rival.execute("SET LOCAL deadlock_timeout = '3s'")  # the first session to time out is ended: the hub
        rival.execute(LOCK_CHANGE, [key])
        hubs = postgresql.sessions_that_wait(url)
        locking = threads.submit(rival.execute, LOCK_LOG)
        wait_until(lambda: postgresql.sessions_that_wait(url) > hubs, "the rival to wait for the log")
        keeper.rollback()
        with suppress(DeadlockDetected):  # if another hub is part of the deadlock
            locking.result()


@fault("serialization failures in numbering", databases=["postgresql"], short=[("daphne", "postgresql")])
def numbering_not_serializable(cluster: Cluster, size: Size) -> None:
    """Several hubs number at once, on a database whose default isolation level is serializable."""
    postgresql.set_isolation_level(cluster.database.url, "serializable")
    count = 30 if size == "short" else 300
    posters = [cluster.poster(name, count=count).wait_ready() for name in ("ada", "bela", "chidi")]
    for _ in range(3):
        cluster.server()
    cluster.watch_posts_of(*posters)
    began = time.monotonic()
    for poster in posters:
        poster.run()
    for poster in posters:
        poster.wait_done(timeout=600)
    cluster.settle()
    assert is_logged(cluster, "could not serialize"), "No two hubs have numbered at once."
    assert_never_disconnected(cluster.fleet.watchers, since=began)


def is_logged(cluster: Cluster, what: str, times: int = 1) -> bool:
    """Whether the servers' logs contain this text that often."""
    return sum(server.log().count(what) for server in cluster.servers) >= times
