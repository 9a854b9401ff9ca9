"""Faults of the database's storage."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.client import FOUND, OK, SERVICE_UNAVAILABLE
from urllib.request import urlopen

from tests.faults.harness.assertions import assert_never_disconnected
from tests.faults.harness.cluster import Cluster, Size
from tests.faults.harness.pages import post_by_page
from tests.faults.harness.received import NEVER
from tests.faults.harness.registry import fault
from tests.faults.harness.storage import full_disk, read_only_postgresql
from tests.support.servers import Server


@fault("the disk of a server full while others post", databases=["sqlite"])
def disk_full(cluster: Cluster, size: Size) -> None:
    """The server can neither save posts nor number changes. The posting processes can still write."""
    refuse_to_write(cluster, size, lambda server: full_disk(server.pid))


@fault("the database read-only while others post", databases=["postgresql"])
def database_read_only(cluster: Cluster, size: Size) -> None:
    refuse_to_write(cluster, size, lambda server: read_only_postgresql(cluster.database.url))


def refuse_to_write(cluster: Cluster, size: Size, refusing: Callable[[Server], AbstractContextManager[None]]) -> None:
    """A post gets an error. Watchers stay connected, and have every commit when the fault is over, at the latest."""
    ada = cluster.poster("ada", rate=20)
    server = cluster.server()
    cluster.watch_posts_of(ada)
    session = ada.ready["session"]
    ada.run()
    for _ in range(1 if size == "short" else 10):
        cluster.wait_logged(5)
        with refusing(server):
            responses = Counter(post_by_page(server, session, f"{NEVER}: refused") for _ in range(3))
            assert responses == {SERVICE_UNAVAILABLE: 3}, f"The responses to the posts were {responses}."
            assert urlopen(server.url("/")).status == OK
            assert all(watcher.is_live for watcher in cluster.fleet.watchers)
        assert post_by_page(server, session) == FOUND
        cluster.wait_logged(5)
    ada.pause()
    cluster.settle()
    assert_never_disconnected(cluster.fleet.watchers)
