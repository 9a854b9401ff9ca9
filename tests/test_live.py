"""Real servers and real clients: a post in any process reaches every watcher."""

import json
from urllib.request import urlopen

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.support import services
from tests.support.processes import free_port
from tests.support.servers import Kind, Server
from tests.support.watching import BOTH, TIMEOUT, post_from_another_process, watching


@BOTH
def test_a_watcher_sees_the_posts_edits_and_deletions_of_another_process(kind: Kind) -> None:
    with Server(kind) as server:
        with watching(server, "after=0") as watcher:
            post_from_another_process(server, "one", "two")
            watcher.see("one", "two")
            server.shell("s = StatusChange.objects.get(text='one'); s.text = 'uno'; s.save()")
            watcher.see("uno", "two")
            server.shell("StatusChange.objects.get(text='two').delete()")
            watcher.see("uno")
            server.shell("StatusChange.objects.update(text='by query')")
            watcher.see("by query")
            server.shell("from django.contrib.auth import get_user_model; get_user_model().objects.get().delete()")
            watcher.see()
        server.assert_quiet()


@BOTH
def test_a_watcher_resumes_from_its_cursor_after_the_server_was_killed(kind: Kind) -> None:
    with Server(kind) as server:
        with watching(server, "after=0") as watcher:
            post_from_another_process(server, "before")
            watcher.see("before")
            server.kill()
            with pytest.raises(ConnectionClosed):
                watcher.connection.recv(timeout=TIMEOUT)
        post_from_another_process(server, "while it was down")
        server.start()
        with watching(server, f"after={watcher.cursor}") as again:
            again.cursor = watcher.cursor
            again.see("while it was down")
            post_from_another_process(server, "after")
            again.see("while it was down", "after")


@BOTH
def test_a_refusal_has_an_error_frame_and_a_close_code(kind: Kind) -> None:
    with Server(kind) as server:
        for query, code, close in [("stream=x", "unknown_stream", 4404), ("after=x", "bad_cursor", 4400)]:
            with connect(server.ws_url(query)) as connection:
                assert json.loads(connection.recv(timeout=TIMEOUT))["code"] == code
                with pytest.raises(ConnectionClosed) as closed:
                    connection.recv(timeout=TIMEOUT)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == close
        server.assert_quiet()


@BOTH
def test_a_page_of_another_origin_is_refused_and_an_own_page_is_served(kind: Kind) -> None:
    with Server(kind) as server:
        with pytest.raises(InvalidStatus) as refused:
            connect(server.ws_url(), origin=Origin("http://evil.example"))
        assert refused.value.response.status_code == 403
        with connect(server.ws_url(), origin=Origin(server.url(""))) as page:
            assert json.loads(page.recv(timeout=TIMEOUT))["type"] == "changes"
        server.assert_quiet()


def test_servers_on_one_postgresql_and_redis_share_one_log(postgresql_database: str, redis_url: str) -> None:
    """The poll is off, so only the doorbell can wake the hubs."""
    shared = {"database_url": postgresql_database, "redis_url": redis_url, "FEED_POLL": "3600"}
    with Server("daphne", **shared) as one, Server("uvicorn", **shared) as other:
        with watching(one, "after=0") as first, watching(other, "after=0") as second:
            first.receive()
            second.receive()
            post_from_another_process(one, "a", "b", "c")
            first.see("a", "b", "c")
            second.see("a", "b", "c")
            assert list(first.texts) == list(second.texts)
        one.assert_quiet()
        other.assert_quiet()


def test_a_server_polls_while_redis_is_down() -> None:
    with Server(redis_url=f"redis://127.0.0.1:{free_port()}/0") as server, watching(server, "after=0") as watcher:
        post_from_another_process(server, "unheard")
        watcher.see("unheard")


def test_a_watcher_sees_the_events_of_simulate(server: Server) -> None:
    with watching(server, "after=0") as watcher:
        server.manage("simulate", "--rate", "200", "--people", "3", "--count", "40")
        head = int(server.shell("from feed import log; print(log.number().head)"))
        while watcher.cursor != head:
            watcher.receive()
        shown = server.shell(
            "import json; texts = [*StatusChange.objects.values_list('pk', 'text')];"
            "print(json.dumps(texts + [*Comment.objects.values_list('pk', 'text')]))"
        )
    assert dict(json.loads(shown)) == watcher.texts
    server.assert_quiet()


def test_a_program_continues_from_its_snapshot(server: Server) -> None:
    post_from_another_process(server, "before")
    with urlopen(server.url("/api/events/")) as response:
        snapshot = json.load(response)
    post_from_another_process(server, "after")
    with watching(server, f"after={snapshot['position']}&log={snapshot['log']}") as watcher:
        watcher.cursor = snapshot["position"]
        watcher.texts = {event["id"]: event["text"] for event in snapshot["events"] if "text" in event}
        watcher.see("before", "after")


@pytest.mark.usefixtures("redis_url")  # skips the test where Redis is not installed
def test_a_watcher_sees_every_event_while_redis_hangs_and_afterwards() -> None:
    with services.redis() as redis, Server(redis_url=redis.url) as server, watching(server, "after=0") as watcher:
        post_from_another_process(server, "heard")
        watcher.see("heard")
        redis.freeze()
        post_from_another_process(server, "while it hangs")
        watcher.see("heard", "while it hangs")
        redis.thaw()
        post_from_another_process(server, "afterwards")
        watcher.see("heard", "while it hangs", "afterwards")


@BOTH
def test_a_watcher_sees_a_post_of_another_process_before_the_poll_without_redis(kind: Kind) -> None:
    with Server(kind, FEED_POLL="3600") as server, watching(server) as watcher:
        watcher.receive()
        post_from_another_process(server, "from elsewhere")
        watcher.see("from elsewhere")


def test_servers_on_one_postgresql_without_redis_see_each_others_changes_before_the_poll(
    postgresql_database: str,
) -> None:
    shared = {"database_url": postgresql_database, "FEED_POLL": "3600"}
    with Server("daphne", **shared) as one, Server("uvicorn", **shared) as other:
        with watching(one) as first, watching(other) as second:
            first.receive()
            second.receive()
            for texts in (["a"], ["a", "b"], ["a", "b", "c"]):
                post_from_another_process(one, texts[-1])
                first.see(*texts)
                second.see(*texts)
        one.assert_quiet()
        other.assert_quiet()
