"""What happens to Redis, which rings the doorbell and does no more."""

import json
import sys
import time
from collections.abc import Callable
from urllib.request import urlopen

import redis as redis_client

from tests.faults.harness.pages import Visitors
from tests.faults.harness.proxy import Proxy
from tests.faults.harness.registry import Ground, fault
from tests.faults.harness.stage import DatabaseKind, Size, Stage, assert_within
from tests.support.processes import wait_until
from tests.support.servers import Server

RATE = 20.0
LASTS = 10.0
"""Seconds that a failure of Redis lasts in the full form."""
SLOW_POLL = 3.0
"""Seconds between two polls in the short form: on a busy machine what is rung for can take long, too."""
POST_WITHIN, ARRIVE_WITHIN = 1.0, 2.0
"""Seconds that a post may wait for its ring, and an event on its way."""

ONE: list[DatabaseKind] = ["postgresql"]
"""Redis doesn't know which database there is."""
HALF_OPEN: list[Ground] = [("uvicorn", "sqlite")] if sys.platform == "linux" else []
"""Elsewhere no kernel is known to be asked to make a link half open."""

Act = Callable[[], object]


@fault("Redis killed, and started again after 10 s", databases=ONE, short=[("daphne", "sqlite")])
def redis_killed(stage: Stage, size: Size) -> None:
    redis = stage.use_own_redis()
    fail(stage, size, harm=redis.kill, cure=redis.start, silent=True)


@fault("Redis stopped (SIGSTOP) for 10 s", databases=ONE, short=[("uvicorn", "sqlite")])
def redis_frozen(stage: Stage, size: Size) -> None:
    redis = stage.use_own_redis()
    fail(stage, size, harm=redis.freeze, cure=redis.thaw, silent=True)


@fault(
    "Redis emptied (FLUSHALL), and its clients cut off (CLIENT KILL)",
    databases=ONE,
    short=[("daphne", "sqlite")],
)
def redis_forgets(stage: Stage, size: Size) -> None:
    redis = stage.use_own_redis()

    def forget() -> None:
        with redis_client.Redis.from_url(redis.url) as client:
            client.flushall()
            client.client_kill_filter(_type="pubsub")
            client.client_kill_filter(_type="normal", skipme=True)

    fail(stage, size, harm=forget, cure=forget, silent=False)


@fault("the links to Redis half open: nothing arrives, and nobody is told", databases=ONE, short=HALF_OPEN)
def redis_half_open(stage: Stage, size: Size) -> None:
    redis = stage.use_own_redis()
    with Proxy(redis.url) as proxy:
        stage.redis_url = proxy.url
        fail(stage, size, harm=proxy.half_open, cure=lambda: None, silent=False, heals=False)


def fail(stage: Stage, size: Size, *, harm: Act, cure: Act, silent: bool, heals: bool = True) -> None:
    """While posts go on, by a process and by pages, do harm and then cure it.

    silent: whether no doorbell rings in between, which readiness has to say.
    heals: whether the doorbell is heard again soon, and not in some ten seconds.
    """
    if size == "short":
        stage.poll = SLOW_POLL
    ada = stage.poster("ada", rate=RATE)
    server = stage.server()
    ada.wait_ready()
    stage.fleet.crew([server.url()], ["public", "kind:comment", *ada.streams])
    stage.fleet.wait_live()
    stage.wait_heard(ada)
    with Visitors(server, ada.ready["session"]) as visitors:
        ada.run()
        stage.wait_committed(5)
        harm()
        if silent:
            wait_until(lambda: not rings(server), "readiness to say that no doorbell rings")
        go_on(stage, visitors, size)
        cure()
        wait_until(lambda: rings(server), "readiness to say that the doorbell rings again")
        ada.rest()
    if heals or size == "full":
        stage.wait_heard(ada)
    stage.settle()
    assert not ada.failures(), f"Posts have failed: {ada.failures()[0]}"
    assert not visitors.failures, f"Posts by a page have failed: {visitors.failures[0]}"
    assert_within(POST_WITHIN, size, ada.longest_ring(), "A post has waited for its ring")
    assert_within(POST_WITHIN, size, visitors.longest, "A post by a page has waited")
    assert_within(ARRIVE_WITHIN, size, stage.verdict().longest_delay, "An event has been on its way")


def go_on(stage: Stage, visitors: Visitors, size: Size) -> None:
    """Post in both ways, and see that it arrives, for as long as the failure lasts."""
    until = time.monotonic() + (LASTS if size == "full" else 0)
    while True:
        visitors.wait_posted(3)
        stage.wait_committed(5)
        stage.wait_sent()
        if time.monotonic() >= until:
            return


def rings(server: Server) -> bool:
    """Whether the server says that its doorbell works. Asserts that it serves in any case."""
    try:
        with urlopen(server.url("/readyz"), timeout=10) as answer:
            rings: bool = json.load(answer)["doorbell"]["ok"]
    except OSError as error:
        raise AssertionError(f"The server is not ready to serve: {error}") from error
    return rings
