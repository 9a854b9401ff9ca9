"""What happens where the database is stored."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.client import FOUND, OK, SERVICE_UNAVAILABLE
from urllib.request import urlopen

from tests.faults.harness.claims import assert_stayed
from tests.faults.harness.pages import post
from tests.faults.harness.received import NEVER
from tests.faults.harness.registry import fault
from tests.faults.harness.stage import Size, Stage
from tests.faults.harness.storage import full_disk, read_only_postgresql
from tests.support.servers import Server


@fault("the disk of a server full while others post", databases=["sqlite"])
def disk_full(stage: Stage, size: Size) -> None:
    """It can't save posts, and can't give positions; the processes that post have room."""
    refuse_to_write(stage, size, lambda server: full_disk(server.pid))


@fault("the database read-only while others post", databases=["postgresql"])
def database_read_only(stage: Stage, size: Size) -> None:
    refuse_to_write(stage, size, lambda server: read_only_postgresql(stage.database.url))


def refuse_to_write(stage: Stage, size: Size, refusing: Callable[[Server], AbstractContextManager[None]]) -> None:
    """Who posts is told; watchers stay, and are sent what has committed, when it is over at the latest."""
    ada = stage.poster("ada", rate=20)
    server = stage.server()
    stage.crew_of(ada)
    session = ada.ready["session"]
    ada.run()
    for _ in range(1 if size == "short" else 10):
        stage.wait_logged(5)
        with refusing(server):
            answers = Counter(post(server, session, f"{NEVER}: refused") for _ in range(3))
            assert answers == {SERVICE_UNAVAILABLE: 3}, f"Posts were answered with {answers}."
            assert urlopen(server.url("/")).status == OK
            assert all(watcher.is_live for watcher in stage.fleet.watchers)
        assert post(server, session) == FOUND
        stage.wait_logged(5)
    ada.rest()
    stage.settle()
    assert_stayed(stage.fleet.watchers)
