"""Who is watching, across server processes and without Redis."""

import re
import time

import pytest
from websockets.sync.client import ClientConnection, connect

from feed import expiring
from feed.hub import presence, reporting
from tests.support.processes import wait_until
from tests.support.servers import Server
from tests.support.sessions import log_in
from tests.support.watching import TIMEOUT

APPLICATION = "tests.support.quick_presence:application"
FASTER = 10
HUBS = """
hubs = HubReport.objects.order_by("server")
print([[hub.server, hub.watchers.get("html", 0)] for hub in hubs], end="")
"""


def page(server: Server, session: str) -> ClientConnection:
    return connect(
        server.ws_url("format=html&after=0&presence=1"),
        origin=None,
        additional_headers={"Cookie": f"sessionid={session}"},
        open_timeout=TIMEOUT,
    )


def wait_for(connection: ClientConnection, text: str) -> float:
    """Receive until a frame has this text. Returns the seconds it took."""
    began = time.monotonic()
    while not re.search(text, str(connection.recv(timeout=TIMEOUT))):
        pass
    return time.monotonic() - began


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_count_is_right_30_s_after_a_server_was_killed(database: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgresql_database") if database == "postgresql" else None
    quick = {"PRESENCE_FASTER": str(FASTER)}
    with (
        Server("uvicorn", application=APPLICATION, database_url=url, **quick) as one,
        Server("daphne", application=APPLICATION, database_url=one.database_url, **quick) as two,
    ):
        alice, bob = log_in(one, "alice"), log_in(one, "bob")
        with page(one, alice) as watching:
            # Bob and a second tab of alice are in the other process.
            with page(two, bob), page(two, alice):
                wait_for(watching, "2 watching(.|\n)*alice(.|\n)*bob")
                wait_until(lambda: one.shell(HUBS) == "[['daphne', 2], ['uvicorn', 1]]", "both hubs to report")
                two.kill()
            assert wait_for(watching, "1 watching") < 30 / FASTER + 1  # for a busy machine
            wait_until(lambda: one.shell(HUBS) == "[['uvicorn', 1]]", "the killed hub to be forgotten")
        one.assert_quiet()


def test_its_intervals_leave_time_for_the_slowest_case() -> None:
    """A killed server's row expires, the others look, wait because they have many watchers, and send."""
    assert expiring.EXPIRY + reporting.INTERVAL <= 30
    assert expiring.EXPIRY + presence.LOOK + presence.TICK + presence.MAX_PACE <= 30
