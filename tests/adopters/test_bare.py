"""The feed in a project that has done nothing but add it."""

import json
from urllib.request import urlopen

from websockets.sync.client import connect

from tests.support.servers import Kind, Server
from tests.support.watching import BOTH, TIMEOUT, post_from_another_process, watching

BARE = {"DJANGO_SETTINGS_MODULE": "tests.adopters.bare.settings"}


@BOTH
def test_a_project_without_any_setting_has_a_live_feed(kind: Kind) -> None:
    with (
        Server(kind, application="tests.adopters.bare.asgi:application", health="/", **BARE) as server,
        watching(server, "after=0") as watcher,
    ):
        assert urlopen(server.url("/")).read() == b"A shop."
        post_from_another_process(server, "one")
        watcher.see("one")
        with connect(server.ws_url("after=0"), open_timeout=TIMEOUT) as websocket:
            event = json.loads(websocket.recv(timeout=TIMEOUT))["changes"][-1]["event"]
        assert (event["text"], event["url"]) == ("one", None)
        server.assert_quiet()
