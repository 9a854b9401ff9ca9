"""What happens to PostgreSQL, and to the connections to it."""

import json
import sys
import time
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.faults.harness import postgresql
from tests.faults.harness.claims import assert_stayed
from tests.faults.harness.pages import Visitors, post
from tests.faults.harness.proxy import Proxy
from tests.faults.harness.registry import Ground, fault
from tests.faults.harness.stage import Size, Stage, assert_within
from tests.faults.harness.verdict import judge
from tests.support.processes import wait_until
from tests.support.servers import Server

LASTS = 10.0
"""Seconds that an outage lasts in the full form."""
AGAIN_WITHIN = 4.0
"""Seconds in which somebody has posted by a page when it is over, and in which what is posted from then on arrives."""
VISITORS = 3
ALIVE_WITHIN = 10.0
"""Seconds in which the feed goes on after its links to PostgreSQL have gone half open."""
HALF_OPEN: list[Ground] = [("uvicorn", "postgresql")] if sys.platform == "linux" else []
"""Elsewhere no kernel is known to be asked to make a link half open."""

Act = Callable[[], object]


@fault(
    "PostgreSQL restarted; killed, and started again after 10 s",
    databases=["postgresql"],
    short=[("daphne", "postgresql")],
)
def postgresql_restarted(stage: Stage, size: Size) -> None:
    """Short: connections end and new ones are refused; the PostgreSQL of all tests goes on."""
    url = stage.database.url
    outages: list[tuple[Act, Act]] = [(lambda: postgresql.refuse(url), lambda: postgresql.allow(url))]
    if size == "full":
        own = stage.use_own_postgresql()
        outages = [(own.stop, own.start), (own.kill, own.start)]
    ada = stage.poster("ada", rate=20)
    server = stage.server()
    stage.crew_of(ada)
    session = ada.ready["session"]
    for harm, cure in outages:
        with Visitors(server, session, VISITORS):
            ada.run()
            stage.wait_committed(5)
            harm()
            wait_until(lambda: not is_ready(server), "readiness to say that the database can't be read")
            time.sleep(LASTS if size == "full" else 0)
            cure()
            back = time.monotonic()
            assert_posts_at_once(server, session, size)
            stage.wait_committed(5)
            ada.rest()
        stage.catch_up()
        assert_within(AGAIN_WITHIN, size, longest_delay(stage, since=back), "An event after the outage")
    stage.settle()
    assert is_ready(server)
    assert_stayed(stage.fleet.watchers)


@fault(
    "all connections to PostgreSQL cut, again and again", databases=["postgresql"], short=[("uvicorn", "postgresql")]
)
def postgresql_cuts_off(stage: Stage, size: Size) -> None:
    """A post that is interrupted fails, and no other."""
    times = 1 if size == "short" else 20
    ada = stage.poster("ada", rate=20)
    server = stage.server()
    stage.crew_of(ada)
    session = ada.ready["session"]
    with Visitors(server, session, VISITORS) as visitors:
        ada.run()
        for _ in range(times):
            stage.wait_logged(5)
            postgresql.cut_off(stage.database.url)
            assert_posts_at_once(server, session, size)
        ada.rest()
    stage.settle()
    failed = len(visitors.failures)
    assert failed <= VISITORS * times, f"{failed} posts of {VISITORS} visitors have failed, by {times} cuts."
    assert_stayed(stage.fleet.watchers)


@fault(
    "the links to PostgreSQL half open: nothing arrives, and nobody is told", databases=["postgresql"], short=HALF_OPEN
)
def postgresql_half_open(stage: Stage, size: Size) -> None:
    """Those of the server alone: posts from beside it go on, and are seen."""
    times = 1 if size == "short" else 3
    ada = stage.poster("ada", rate=20)
    with Proxy(stage.database.url) as proxy:
        server = stage.server(DATABASE_URL=proxy.url)
        stage.crew_of(ada)
        session = ada.ready["session"]
        with Visitors(server, session, VISITORS) as visitors:
            ada.run()
            for _ in range(times):
                stage.wait_committed(5)
                stage.wait_sent()
                assert proxy.half_open(), "There was no link."
                visitors.wait_posted(2 * VISITORS)
                stage.wait_committed(5)
                stage.wait_sent()
            ada.rest()
        stage.settle()
    failed = len(visitors.failures)
    assert failed <= VISITORS * times, f"{failed} posts of {VISITORS} visitors have failed: {visitors.failures[0]}"
    assert_within(ALIVE_WITHIN, size, visitors.longest, "A post by a page has waited")
    assert_within(ALIVE_WITHIN, size, stage.verdict().longest_delay, "An event has been on its way")
    assert_stayed(stage.fleet.watchers)


def assert_posts_at_once(server: Server, session: str, size: Size) -> None:
    began = time.monotonic()
    status = post(server, session)
    assert status == 302, f"A post was answered with {status} when PostgreSQL was there again."
    assert_within(AGAIN_WITHIN, size, time.monotonic() - began, "The first post after an outage")


def longest_delay(stage: Stage, since: float) -> float:
    """Of what the posting processes have committed since then (time.monotonic()); in seconds."""
    commits = {key: at for key, at in stage.commits().items() if at > since}
    return judge(stage.fleet.watchers, stage.database.truth(), commits, {}).longest_delay


def is_ready(server: Server) -> bool:
    """Whether the server says that it can serve."""
    try:
        with urlopen(server.url("/readyz"), timeout=30) as answer:
            ready: bool = json.load(answer)["ready"]
    except HTTPError:
        return False
    return ready
