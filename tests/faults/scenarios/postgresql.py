"""Faults of PostgreSQL, and of the connections to it."""

import json
import sys
import time
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.faults.harness import postgresql
from tests.faults.harness.assertions import assert_never_disconnected
from tests.faults.harness.cluster import Cluster, Size, assert_within
from tests.faults.harness.pages import Visitors, post_by_page
from tests.faults.harness.proxy import Proxy
from tests.faults.harness.registry import Target, fault
from tests.faults.harness.verdict import judge
from tests.support.processes import wait_until
from tests.support.servers import Server

OUTAGE = 10.0
"""Seconds that an outage lasts in the full form."""
RECOVER_WITHIN = 4.0
"""Seconds after an outage in which a post by page must succeed. Also the longest delay of later events."""
VISITORS = 3
DETECT_WITHIN = 10.0
"""Seconds in which the server must give up half-open links to PostgreSQL."""
HALF_OPEN: list[Target] = [("uvicorn", "postgresql")] if sys.platform == "linux" else []
"""The proxy can make links half open on Linux only."""

Action = Callable[[], object]


@fault(
    "PostgreSQL restarted; killed, and started again after 10 s",
    databases=["postgresql"],
    short=[("daphne", "postgresql")],
)
def postgresql_restarted(cluster: Cluster, size: Size) -> None:
    """The short form only ends connections and refuses new ones, because other tests share PostgreSQL."""
    url = cluster.database.url
    outages: list[tuple[Action, Action]] = [(lambda: postgresql.refuse(url), lambda: postgresql.allow(url))]
    if size == "full":
        own = cluster.use_own_postgresql()
        outages = [(own.stop, own.start), (own.kill, own.start)]
    ada = cluster.poster("ada", rate=20)
    server = cluster.server()
    cluster.watch_posts_of(ada)
    session = ada.ready["session"]
    for harm, cure in outages:
        with Visitors(server, session, VISITORS):
            ada.run()
            cluster.wait_committed(5)
            harm()
            wait_until(lambda: not is_ready(server), "/readyz to report that the database is down")
            time.sleep(OUTAGE if size == "full" else 0)
            cure()
            recovered = time.monotonic()
            assert_posts_at_once(server, session, size)
            cluster.wait_committed(5)
            ada.pause()
        cluster.catch_up()
        assert_within(RECOVER_WITHIN, size, longest_delay(cluster, since=recovered), "An event after the outage")
    cluster.settle()
    assert is_ready(server)
    assert_never_disconnected(cluster.fleet.watchers)


@fault(
    "all connections to PostgreSQL cut, again and again", databases=["postgresql"], short=[("uvicorn", "postgresql")]
)
def postgresql_cuts_off(cluster: Cluster, size: Size) -> None:
    """Only the posts that are interrupted fail."""
    times = 1 if size == "short" else 20
    ada = cluster.poster("ada", rate=20)
    server = cluster.server()
    cluster.watch_posts_of(ada)
    session = ada.ready["session"]
    with Visitors(server, session, VISITORS) as visitors:
        ada.run()
        for _ in range(times):
            cluster.wait_logged(5)
            postgresql.cut_off(cluster.database.url)
            assert_posts_at_once(server, session, size)
        ada.pause()
    cluster.settle()
    failed = len(visitors.failures)
    assert failed <= VISITORS * times, f"{failed} posts of {VISITORS} visitors have failed after {times} cuts."
    assert_never_disconnected(cluster.fleet.watchers)


@fault(
    "the links to PostgreSQL half open: nothing arrives, and nobody is told", databases=["postgresql"], short=HALF_OPEN
)
def postgresql_half_open(cluster: Cluster, size: Size) -> None:
    """Only the server's links: other processes continue to post, and their events arrive."""
    times = 1 if size == "short" else 3
    ada = cluster.poster("ada", rate=20)
    with Proxy(cluster.database.url) as proxy:
        server = cluster.server(DATABASE_URL=proxy.url)
        cluster.watch_posts_of(ada)
        session = ada.ready["session"]
        with Visitors(server, session, VISITORS) as visitors:
            ada.run()
            for _ in range(times):
                cluster.wait_committed(5)
                cluster.wait_sent()
                assert proxy.half_open(), "The server had no link to PostgreSQL."
                visitors.wait_posted(2 * VISITORS)
                cluster.wait_committed(5)
                cluster.wait_sent()
            ada.pause()
        cluster.settle()
    failed = len(visitors.failures)
    assert failed <= VISITORS * times, f"{failed} posts of {VISITORS} visitors have failed: {visitors.failures[0]}"
    assert_within(DETECT_WITHIN, size, visitors.longest, "The response to a post by page")
    assert_within(DETECT_WITHIN, size, cluster.verdict().longest_delay, "Delivering an event")
    assert_never_disconnected(cluster.fleet.watchers)


def assert_posts_at_once(server: Server, session: str, size: Size) -> None:
    began = time.monotonic()
    status = post_by_page(server, session)
    assert status == 302, f"After the outage the response to a post was {status}."
    assert_within(RECOVER_WITHIN, size, time.monotonic() - began, "The first post after an outage")


def longest_delay(cluster: Cluster, since: float) -> float:
    """The longest delay of commits since then (time.monotonic()), in seconds."""
    commits = {key: at for key, at in cluster.commits().items() if at > since}
    return judge(cluster.fleet.watchers, cluster.database.state(), commits, {}).longest_delay


def is_ready(server: Server) -> bool:
    """Whether /readyz reports that the server can serve."""
    try:
        with urlopen(server.url("/readyz"), timeout=30) as response:
            ready: bool = json.load(response)["ready"]
    except HTTPError as error:
        error.close()
        return False
    return ready
