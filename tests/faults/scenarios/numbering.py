"""What happens to hubs while they give positions."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from psycopg.errors import DeadlockDetected

from tests.faults.harness import postgresql
from tests.faults.harness.claims import assert_all_are_known, assert_stayed
from tests.faults.harness.registry import fault
from tests.faults.harness.stage import Size, Stage
from tests.support.processes import wait_until

LOCK_LOG = "SELECT FROM feed_log FOR UPDATE"
LOCK_CHANGE = "SELECT FROM feed_change WHERE id = %s FOR UPDATE"


@fault("deadlocks in numbering", databases=["postgresql"], short=[("daphne", "postgresql")])
def numbering_deadlocked(stage: Stage, size: Size) -> None:
    """A hub that has the log waits for a change that is locked by somebody who waits for the log."""
    ada = stage.poster("ada")
    stage.server()
    stage.server()
    stage.crew_of(ada)
    for times in range(1 if size == "short" else 10):
        lock_in_a_circle(stage.database.url, lambda: ada.once()[0])
        wait_until(partial(is_told, stage, "deadlock detected", times + 1), "a hub to be ended in a deadlock")
        stage.catch_up()
    stage.settle()
    assert_all_are_known(stage)
    assert_stayed(stage.fleet.watchers)


def lock_in_a_circle(url: str, post: Callable[[], int]) -> None:
    """Lock what is posted, and then the log: after a hub that waits for it, and before that has come to the change."""
    with postgresql.session(url) as keeper, postgresql.session(url) as rival, ThreadPoolExecutor(1) as threads:
        keeper.execute(LOCK_LOG)
        key = post()
        wait_until(lambda: postgresql.sessions_that_wait(url) > 0, "a hub to number")
        rival.execute("SET LOCAL deadlock_timeout = '3s'")  # who finds the circle first is ended: a hub
        rival.execute(LOCK_CHANGE, [key])
        hubs = postgresql.sessions_that_wait(url)
        locking = threads.submit(rival.execute, LOCK_LOG)
        wait_until(lambda: postgresql.sessions_that_wait(url) > hubs, "somebody else to wait for the log")
        keeper.rollback()
        with suppress(DeadlockDetected):  # where there is another hub in the circle
            locking.result()


@fault("serialization failures in numbering", databases=["postgresql"], short=[("daphne", "postgresql")])
def numbering_not_serializable(stage: Stage, size: Size) -> None:
    """Hubs that number at once, on a database whose transactions are serializable unless told otherwise."""
    postgresql.isolate(stage.database.url, "serializable")
    count = 30 if size == "short" else 300
    posters = [stage.poster(name, count=count).wait_ready() for name in ("ada", "bela", "chidi")]
    for _ in range(3):
        stage.server()
    stage.crew_of(*posters)
    began = time.monotonic()
    for poster in posters:
        poster.run()
    for poster in posters:
        poster.wait_done(patience=600)
    stage.settle()
    assert is_told(stage, "could not serialize"), "No hub has met another one."
    assert_stayed(stage.fleet.watchers, since=began)


def is_told(stage: Stage, what: str, times: int = 1) -> bool:
    """Whether servers have said so in their logs, so many times or more."""
    return sum(server.log().count(what) for server in stage.servers) >= times
