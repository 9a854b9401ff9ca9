"""What happens to the clocks."""

import json
import re
from urllib.request import urlopen

from tests.faults.harness.claims import assert_stayed
from tests.faults.harness.pages import Visitors
from tests.faults.harness.registry import fault
from tests.faults.harness.stage import Size, Stage, assert_within
from tests.support.processes import temporary_folder
from tests.support.servers import Server

ARRIVE_WITHIN = 2.0
ROW = re.compile(r'<article id="event-(\d+)"')


@fault("the clocks of a posting process and of a server set back an hour")
def clocks_set_back(stage: Stage, size: Size) -> None:
    """The order stays that of the commits: in the log, in frames, on pages, and in snapshots."""
    more = 20 if size == "short" else 500
    with temporary_folder() as folder:
        flag = folder / "back"
        behind = {"DJANGO_SETTINGS_MODULE": "tests.faults.programs.clock_settings", "CLOCK_IS_BACK": str(flag)}
        posters = [stage.poster("ada", rate=20, environment=behind), stage.poster("bela", rate=20)]
        server = stage.server(stage.kind, **behind)
        stage.server()
        stage.crew_of(*posters)
        with Visitors(server, posters[0].ready["session"]):
            for poster in posters:
                poster.run()
            stage.wait_logged(more, patience=600)
            before = snapshot(server)
            flag.touch()
            stage.wait_logged(more, patience=600)
            for poster in posters:
                poster.rest()
        stage.settle()
        after = [snapshot(each) for each in stage.servers]
        shown = rows(server)
    assert stage.database.times() != sorted(stage.database.times()), "No clock was set back."
    assert after[0] == after[1] == sorted(after[0], reverse=True), "The newest events don't stand first."
    assert [key for key in after[0] if key in before] == [key for key in before if key in after[0]]
    assert shown == after[0][: len(shown)], "The page has another order than the snapshot."
    assert_within(ARRIVE_WITHIN, size, stage.verdict().longest_delay, "An event")
    assert_stayed(stage.fleet.watchers)


def snapshot(server: Server) -> list[int]:
    """The keys of the newest events, in their order."""
    with urlopen(server.url("/api/events/?limit=200")) as answer:
        return [event["id"] for event in json.load(answer)["events"]]


def rows(server: Server) -> list[int]:
    """The keys of the events on the first page, in their order."""
    with urlopen(server.url("/")) as answer:
        return [int(key) for key in ROW.findall(answer.read().decode())]
