"""Faults of clocks."""

import json
import re
from urllib.request import urlopen

from tests.faults.harness.assertions import assert_never_disconnected
from tests.faults.harness.cluster import Cluster, Size, assert_within
from tests.faults.harness.pages import Visitors
from tests.faults.harness.registry import fault
from tests.support.processes import temporary_folder
from tests.support.servers import Server

ARRIVE_WITHIN = 2.0
ROW = re.compile(r'<article id="event-(\d+)"')


@fault("the clocks of a posting process and of a server set back an hour")
def clocks_set_back(cluster: Cluster, size: Size) -> None:
    """Log, frames, pages and snapshots keep the order of the commits."""
    more = 20 if size == "short" else 500
    with temporary_folder() as folder:
        flag = folder / "back"
        behind = {"DJANGO_SETTINGS_MODULE": "tests.faults.programs.clock_settings", "CLOCK_IS_BACK": str(flag)}
        posters = [cluster.poster("ada", rate=20, environment=behind), cluster.poster("bela", rate=20)]
        server = cluster.server(cluster.kind, **behind)
        cluster.server()
        cluster.watch_posts_of(*posters)
        with Visitors(server, posters[0].ready["session"]):
            for poster in posters:
                poster.run()
            cluster.wait_logged(more, timeout=600)
            before = snapshot(server)
            flag.touch()
            cluster.wait_logged(more, timeout=600)
            for poster in posters:
                poster.pause()
        cluster.settle()
        after = [snapshot(each) for each in cluster.servers]
        posts, shown = snapshot(server, "&stream=kind:status_change"), rows(server)
    assert cluster.database.times() != sorted(cluster.database.times()), "No clock was set back."
    assert after[0] == after[1] == sorted(after[0], reverse=True), "The newest events are not first."
    assert [key for key in after[0] if key in before] == [key for key in before if key in after[0]]
    assert shown == [key for key in after[0] if key in shown], "The order of the page differs from the snapshot's."
    # A row may stand for others, but a post has its own.
    shown_posts = [key for key in shown if key in posts]
    assert shown_posts == posts[: max(1, len(shown_posts))], "The page lacks a post."
    assert_within(ARRIVE_WITHIN, size, cluster.verdict().longest_delay, "An event")
    assert_never_disconnected(cluster.fleet.watchers)


def snapshot(server: Server, query: str = "") -> list[int]:
    """The keys of the newest events in the snapshot, in its order."""
    with urlopen(server.url(f"/api/events/?limit=200{query}")) as response:
        return [event["id"] for event in json.load(response)["events"]]


def rows(server: Server) -> list[int]:
    """The keys of the events on the front page, in its order."""
    with urlopen(server.url("/")) as response:
        return [int(key) for key in ROW.findall(response.read().decode())]
