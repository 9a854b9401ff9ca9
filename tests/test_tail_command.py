"""`manage.py tail` against a real server: it follows the feed, or prints why it can't."""

import json
import sys
import threading

from django.test import override_settings
from websockets.sync.server import ServerConnection, serve

from feed.management.commands.tail import addresses
from tests.support.printing import Printing
from tests.support.servers import Server
from tests.support.watching import post_from_another_process


def tail(url: str, *arguments: str) -> Printing:
    return Printing([sys.executable, "manage.py", "tail", "--url", url, *arguments])


def test_tail_follows_the_feed_across_a_restart_of_the_server(server: Server) -> None:
    post_from_another_process(server, "before")
    with tail(server.ws_url(), "--after", "0", "--stream", "user:alice") as tailing:
        assert tailing.wait_for("before").split() == ["2", "created", "status_change", "alice:", "before"]
        server.kill()
        tailing.wait_for("Reconnecting after 2")
        post_from_another_process(server, "while it was down")
        server.start()
        tailing.wait_for("while it was down")
        server.shell("StatusChange.objects.get(text='before').delete()")
        assert "deleted" in tailing.wait_for("#2")


def test_tail_prints_raw_frames_with_the_json_option(server: Server) -> None:
    post_from_another_process(server, "Hello")
    with tail(server.ws_url(), "--after", "0", "--json") as tailing:
        frame = json.loads(tailing.wait_for("Hello"))
    assert (frame["type"], frame["after"]) == ("changes", 0)


def test_tail_shows_the_newest_events_after_a_reset(server: Server) -> None:
    post_from_another_process(server, "Hello")
    with tail(server.ws_url(), "--after", "1000") as tailing:
        tailing.wait_for("Reset (ahead)")
        assert "present" in tailing.wait_for("Hello")
        post_from_another_process(server, "and on")
        tailing.wait_for("and on")


def test_tail_prints_the_reason_and_ends_when_it_is_refused(server: Server) -> None:
    with tail(server.ws_url(), "--stream", "user:nobody") as tailing:
        tailing.wait_for("There is no stream 'user:nobody'.")
        assert tailing.wait() != 0


def test_tail_loads_the_snapshot_from_where_the_project_has_the_api() -> None:
    """And not from below the websocket: a project may have the pages under another path."""
    assert addresses("ws://a.example/ws/feed/") == ("ws://a.example/", "ws://a.example/ws/feed/")
    assert addresses("https://a.example/activity/") == ("https://a.example/activity/", "")
    with override_settings(ROOT_URLCONF="tests.support.api_elsewhere"):
        assert addresses("ws://a.example/ws/feed/")[0] == "ws://a.example/activity/"
        assert addresses("ws://a.example/shop/ws/feed/")[0] == "ws://a.example/shop/activity/"
    with override_settings(ROOT_URLCONF="tests.adopters.bare.urls"):
        assert addresses("ws://a.example/ws/feed/")[0] == "ws://a.example/"


def test_tail_reports_a_gap_between_frames() -> None:
    def broken(connection: ServerConnection) -> None:
        for after, position in [(0, 3), (5, 7)]:
            frame = {"type": "changes", "log": "k3x9", "after": after, "position": position, "changes": []}
            connection.send(json.dumps(frame))
        connection.recv()  # waits until the client disconnects

    with serve(broken, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with tail(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws/feed/", "--after", "0") as tailing:
            assert "begins after 5" in tailing.wait_for("GAP", never="Traceback")
