"""Faults of Redis, which carries the doorbell and nothing else."""

import json
import sys
import time
from collections.abc import Callable
from urllib.request import urlopen

import redis as redis_client

from tests.faults.harness.cluster import Cluster, DatabaseKind, Size, assert_within
from tests.faults.harness.pages import Visitors
from tests.faults.harness.proxy import Proxy
from tests.faults.harness.registry import Target, fault
from tests.support.processes import wait_until
from tests.support.servers import Server

RATE = 20.0
OUTAGE = 10.0
"""Seconds that an outage lasts in the full form."""
SLOW_POLL = 3.0
"""FEED_POLL in the short form. On a busy machine an event can take long even with a doorbell."""
POST_WITHIN, ARRIVE_WITHIN = 1.0, 2.0
"""Seconds that a post may wait for its ring, and an event until it arrives."""

ONE: list[DatabaseKind] = ["postgresql"]
"""One is enough, because the faults of Redis don't depend on the database."""
HALF_OPEN: list[Target] = [("uvicorn", "sqlite")] if sys.platform == "linux" else []
"""The proxy can make links half open on Linux only."""

Action = Callable[[], object]


@fault("Redis killed, and started again after 10 s", databases=ONE, short=[("daphne", "sqlite")])
def redis_killed(cluster: Cluster, size: Size) -> None:
    redis = cluster.use_own_redis()
    fail(cluster, size, harm=redis.kill, cure=redis.start, silent=True)


@fault("Redis stopped (SIGSTOP) for 10 s", databases=ONE, short=[("uvicorn", "sqlite")])
def redis_frozen(cluster: Cluster, size: Size) -> None:
    redis = cluster.use_own_redis()
    fail(cluster, size, harm=redis.freeze, cure=redis.thaw, silent=True)


@fault(
    "Redis emptied (FLUSHALL), and its clients cut off (CLIENT KILL)",
    databases=ONE,
    short=[("daphne", "sqlite")],
)
def redis_forgets(cluster: Cluster, size: Size) -> None:
    redis = cluster.use_own_redis()

    def forget() -> None:
        with redis_client.Redis.from_url(redis.url) as client:
            client.flushall()
            client.client_kill_filter(_type="pubsub")
            client.client_kill_filter(_type="normal", skipme=True)

    fail(cluster, size, harm=forget, cure=forget, silent=False)


@fault("the links to Redis half open: nothing arrives, and nobody is told", databases=ONE, short=HALF_OPEN)
def redis_half_open(cluster: Cluster, size: Size) -> None:
    redis = cluster.use_own_redis()
    with Proxy(redis.url) as proxy:
        cluster.redis_url = proxy.url
        fail(cluster, size, harm=proxy.half_open, cure=lambda: None, silent=False, heals=False)


def fail(cluster: Cluster, size: Size, *, harm: Action, cure: Action, silent: bool, heals: bool = True) -> None:
    """Do harm and then cure it, while a process and visitors post.

    silent: whether the doorbell is out of order in between, which /readyz must report.
    heals: whether the doorbell works again soon after the cure; otherwise it takes some ten seconds.
    """
    if size == "short":
        cluster.poll = SLOW_POLL
    ada = cluster.poster("ada", rate=RATE)
    server = cluster.server()
    ada.wait_ready()
    cluster.fleet.add_for_streams([server.url()], ["public", "kind:comment", *ada.streams])
    cluster.fleet.wait_live()
    cluster.wait_heard(ada)
    with Visitors(server, ada.ready["session"]) as visitors:
        ada.run()
        cluster.wait_committed(5)
        harm()
        if silent:
            wait_until(lambda: not rings(server), "/readyz to report that the doorbell is out of order")
        post_during_outage(cluster, visitors, size)
        cure()
        wait_until(lambda: rings(server), "/readyz to report that the doorbell works again")
        ada.pause()
    if heals or size == "full":
        cluster.wait_heard(ada)
    cluster.settle()
    assert not ada.failures(), f"Posts have failed: {ada.failures()[0]}"
    assert not visitors.failures, f"Posts by page have failed: {visitors.failures[0]}"
    assert_within(POST_WITHIN, size, ada.longest_ring(), "Ringing after a post")
    assert_within(POST_WITHIN, size, visitors.longest, "The response to a post by page")
    assert_within(ARRIVE_WITHIN, size, cluster.verdict().longest_delay, "Delivering an event")


def post_during_outage(cluster: Cluster, visitors: Visitors, size: Size) -> None:
    """Check that posts of both kinds arrive, for as long as the outage lasts."""
    until = time.monotonic() + (OUTAGE if size == "full" else 0)
    while True:
        visitors.wait_posted(3)
        cluster.wait_committed(5)
        cluster.wait_sent()
        if time.monotonic() >= until:
            return


def rings(server: Server) -> bool:
    """Whether /readyz reports that the doorbell works. Asserts that the server is ready in any case."""
    try:
        with urlopen(server.url("/readyz"), timeout=10) as response:
            rings: bool = json.load(response)["doorbell"]["ok"]
    except OSError as error:
        raise AssertionError(f"The server is not ready to serve: {error}") from error
    return rings
