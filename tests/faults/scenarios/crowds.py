"""What happens where there are many: watchers, and server and posting processes."""

import time
from collections import Counter
from collections.abc import Sequence

from tests.faults.harness.registry import Ground, fault
from tests.faults.harness.stage import Size, Stage, assert_within
from tests.faults.harness.watcher import Watcher
from tests.support.servers import Kind

MANY = {"short": 50, "full": 1000}
NAMES = ["ada", "bela", "chidi", "dora"]
KINDS: list[Kind] = ["daphne", "uvicorn", "daphne", "uvicorn"]
SHORT: list[Ground] = [("daphne", "sqlite"), ("uvicorn", "sqlite")]
BUSY = 300.0
"""Seconds that eight processes may take for all of it, on a machine that has less cores."""
BACK_WITHIN = 30.0
END_WITHIN = 10.0
SPREAD = 2.0
"""Seconds over which 1,000 watchers are sent away at least."""
COME_BACK: dict[Kind, int] = {"uvicorn": 1012, "daphne": 4012}


@fault(
    "four server processes and four posting processes on one PostgreSQL and one Redis",
    servers=["daphne"],
    databases=["postgresql"],
)
def four_of_each(stage: Stage, size: Size) -> None:
    """One log: every watcher of every process sees all of it, in one order."""
    many = 2 if size == "short" else 4
    posters = [stage.poster(name, count=25 if size == "short" else 500) for name in NAMES[:many]]
    for kind in KINDS[:many]:
        stage.server(kind)
    streams = [stream for poster in posters for stream in poster.wait_ready().streams]
    for server in stage.servers:
        stage.fleet.crew([server.url()], ["public", "kind:comment", "kind:status_change", *streams])
    stage.fleet.wait_live()
    for poster in posters:
        poster.run()
    for poster in posters:
        poster.wait_done(BUSY)
    stage.settle()


@fault("a server told to stop (SIGTERM) under load, with 1,000 watchers", databases=["postgresql"], short=SHORT)
def server_told_to_stop(stage: Stage, size: Size) -> None:
    """Its watchers are told to come back, one after the other, and go on at another server."""
    ada = stage.poster("ada", rate=20 if size == "short" else 2)
    one, other = stage.server(), stage.server()
    watchers = crowd(stage, size, [one.url(), other.url()], ada.wait_ready().streams)
    ada.run()
    stage.wait_logged(5)
    asked = time.monotonic()
    one.stop()
    ended = time.monotonic() - asked
    stage.fleet.wait_live()
    stage.wait_logged(5)
    stage.settle()
    assert_within(END_WITHIN, size, ended, "It has taken to end")
    assert_told(watchers, COME_BACK[one.kind])
    if size == "full":
        assert_spread(watchers)


def assert_told(watchers: Sequence[Watcher], code: int) -> None:
    codes = Counter(watcher.endings[0].code for watcher in watchers)
    assert codes == {code: len(watchers)}, f"Not all were told to come back: {dict(codes)}"


def assert_spread(watchers: Sequence[Watcher]) -> None:
    """Over seconds, and never many of them in the same moment. (Few are told in no time.)"""
    times = sorted(watcher.endings[0].at for watcher in watchers)
    took = times[-1] - times[0]
    at_once = max(sum(0 <= other - one < took / 10 for other in times) for one in times)
    assert took > SPREAD, f"All were sent away within {took:.2f} s."
    assert at_once < len(times) / 2, f"{at_once} of {len(times)} were sent away within {took / 10:.2f} s."


@fault("1,000 watchers that come back at once, after a restart", databases=["postgresql"], short=SHORT[:1])
def storm(stage: Stage, size: Size) -> None:
    """All are back within 30 s, and none is refused."""
    ada = stage.poster("ada", rate=20 if size == "short" else 2)
    server = stage.server()
    watchers = crowd(stage, size, [server.url()], ada.wait_ready().streams)
    ada.run()
    stage.wait_logged(5)
    server.kill()
    stage.wait_committed(5)
    server.start()
    started = time.monotonic()
    stage.fleet.wait_live()
    back = max(watcher.opened[-1] for watcher in watchers) - started
    stage.settle()
    assert_within(BACK_WITHIN, size, back, "The last was back after")
    refusals = [reason for watcher in watchers for reason in watcher.refusals]
    assert not refusals, f"{len(refusals)} were refused: {refusals[0]}"


def crowd(stage: Stage, size: Size, addresses: Sequence[str], streams: Sequence[str]) -> list[Watcher]:
    """Many watchers, of several streams and in both formats, who are all live at the first address."""
    wanted = ["public", "kind:comment", *streams]
    stage.fleet.crew(addresses, wanted, times=MANY[size] // (2 * len(wanted)) + 1, turn=0)
    stage.fleet.wait_live()
    return stage.fleet.watchers
