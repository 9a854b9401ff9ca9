"""What happens where several processes write to one SQLite file, which takes one writer at a time."""

from contextlib import ExitStack

from tests.faults.harness.claims import assert_stayed
from tests.faults.harness.pages import Visitors
from tests.faults.harness.registry import fault
from tests.faults.harness.stage import Size, Stage


@fault("three processes that post to one SQLite file at once, and two servers by their pages", databases=["sqlite"])
def sqlite_shared(stage: Stage, size: Size) -> None:
    """Each waits for the others; nobody is told that the database is locked."""
    count = 20 if size == "short" else 1000
    posters = [stage.poster(name, count=count) for name in ("ada", "bela", "chidi")]
    servers = [stage.server(), stage.server()]
    stage.crew_of(*posters)
    session = posters[0].ready["session"]
    with ExitStack() as stack:
        visitors = [stack.enter_context(Visitors(server, session)) for server in servers]
        for poster in posters:
            poster.run()
        for poster in posters:
            poster.wait_done(patience=600)
    stage.settle()
    failures = [failure for poster in posters for failure in poster.failures()]
    assert not failures, f"{len(failures)} posts have failed: {failures[0]}"
    failures = [failure for each in visitors for failure in each.failures]
    assert not failures, f"{len(failures)} posts by pages have failed: {failures[0]}"
    assert all(each.posted for each in visitors), "Nobody has posted by a page."
    assert not any("locked" in server.log() for server in servers), "A server was told that the database is locked."
    assert_stayed(stage.fleet.watchers)
