"""Real server processes and real clients: what is posted in any process reaches every watcher."""

import json
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, get_args
from urllib.request import urlopen

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Origin

from tests import services
from tests.servers import ROOT, Kind, Server, clean_environment, manage, sqlite_database
from tests.services import free_port, wait_until

PATIENCE = 20
BOTH = pytest.mark.parametrize("kind", get_args(Kind))
LOOPS = pytest.mark.parametrize(
    ("kind", "options"),
    [("daphne", []), ("uvicorn", []), ("uvicorn", ["--loop", "asyncio"])],
    ids=["daphne", "uvicorn", "uvicorn-asyncio"],
)
Frame = dict[str, Any]

POST = """
from django.contrib.auth import get_user_model
alice, _ = get_user_model().objects.get_or_create(username="alice")
for text in {texts!r}:
    StatusChange.objects.create(user=alice, text=text)
"""


def post(server: Server, *texts: str) -> None:
    """By another process than the server's, as a cron job would."""
    server.shell(POST.format(texts=texts))


class Watcher:
    """Follows a feed, checks that the frames tile, and keeps the state that it builds from them."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.cursor: int | None = None
        self.texts: dict[int, str] = {}

    def receive(self) -> Frame:
        frame: Frame = json.loads(self.connection.recv(timeout=PATIENCE))
        assert frame["type"] == "changes", frame
        assert self.cursor in (None, frame["after"])
        self.cursor = frame["position"]
        for change in frame["changes"]:
            event = change["event"]
            if change["action"] == "deleted":
                self.texts.pop(event["id"], None)
            elif "text" in event:
                self.texts[event["id"]] = event["text"]
        return frame

    def see(self, *texts: str) -> None:
        """Receive until these are there, and nothing else is."""
        while sorted(self.texts.values()) != sorted(texts):
            self.receive()


@contextmanager
def watching(server: Server, query: str = "") -> Iterator[Watcher]:
    with connect(server.ws_url(query), max_size=None, open_timeout=PATIENCE) as connection:
        yield Watcher(connection)


@BOTH
def test_what_another_process_posts_edits_and_deletes_is_seen_at_once(kind: Kind) -> None:
    with Server(kind) as server:
        with watching(server, "after=0") as watcher:
            post(server, "one", "two")
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
def test_a_killed_server_that_comes_back_is_followed_on_from_the_cursor(kind: Kind) -> None:
    with Server(kind) as server:
        with watching(server, "after=0") as watcher:
            post(server, "before")
            watcher.see("before")
            server.kill()
            with pytest.raises(ConnectionClosed):
                watcher.connection.recv(timeout=PATIENCE)
        post(server, "while it was down")
        server.start()
        with watching(server, f"after={watcher.cursor}") as again:
            again.cursor = watcher.cursor
            again.see("while it was down")
            post(server, "after")
            again.see("while it was down", "after")


@BOTH
def test_a_refusal_is_told_with_its_close_code(kind: Kind) -> None:
    with Server(kind) as server:
        for query, code, close in [("stream=x", "unknown_stream", 4404), ("after=x", "bad_cursor", 4400)]:
            with connect(server.ws_url(query)) as connection:
                assert json.loads(connection.recv(timeout=PATIENCE))["code"] == code
                with pytest.raises(ConnectionClosed) as closed:
                    connection.recv(timeout=PATIENCE)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == close
        server.assert_quiet()


@BOTH
def test_pages_of_another_origin_are_refused_and_programs_are_welcome(kind: Kind) -> None:
    with Server(kind) as server:
        with pytest.raises(InvalidStatus) as refused:
            connect(server.ws_url(), origin=Origin("http://evil.example"))
        assert refused.value.response.status_code == 403
        with connect(server.ws_url(), origin=Origin(server.url(""))) as page:
            assert json.loads(page.recv(timeout=PATIENCE))["type"] == "changes"
        server.assert_quiet()


TEXTS = 3000
FILL = """
from django.contrib.auth.models import User
from django.db import transaction
from feed.models import StatusChange
alice = User.objects.create_user("alice")
with transaction.atomic():
    for number in range({TEXTS}):
        StatusChange.objects.create(user=alice, text=str(number) + "x" * 1990)
"""


@pytest.fixture(scope="module")
def full_database() -> Iterator[str]:
    """The URL of a database whose log is 12 MB as JSON."""
    with sqlite_database() as url:
        manage(clean_environment(url), "shell", "--verbosity", "0", "--command", FILL.format(TEXTS=TEXTS))
        yield url


@BOTH
def test_clients_that_never_read_cost_little_memory_and_are_ended(kind: Kind, full_database: str) -> None:
    with Server(kind, database_url=full_database, FEED_STALL="2") as server:
        read_all(server)
        before = memory(server)
        stuck = [ask_and_never_read(server) for _ in range(10)]
        try:
            with watching(server) as watcher:
                watcher.receive()
                post(server, "in the meantime")
                watcher.see("in the meantime")
            used = [memory(server)]

            def all_are_ended() -> bool:
                used.append(memory(server))
                return not any(is_open(server, client) for client in stuck)

            wait_until(all_are_ended, "the stuck clients to be ended")
        finally:
            for client in stuck:
                client.close()
        assert max(used) - before < 40
        server.assert_quiet()


@LOOPS
@pytest.mark.parametrize(("opcode", "size", "many"), [(0x81, 2**19, 1), (0x89, 125, 2**12)], ids=["messages", "pings"])
def test_a_client_that_sends_and_never_reads_fills_no_memory(
    kind: Kind, options: list[str], full_database: str, opcode: int, size: int, many: int
) -> None:
    """It asks for all of the log, and then sends for as long as it can: pings, or messages that are refused."""
    with Server(kind, options=options, database_url=full_database) as server:
        client = ask_and_never_read(server)
        read_all(server)
        used = [memory(server)]
        flood = masked(opcode, b"x" * size) * many
        try:
            client.settimeout(1)  # who is not read from can't send
            if opcode == 0x81:
                client.sendall(masked(opcode, b"nonsense"))
            for _ in range(200):
                client.sendall(flood)
                used.append(memory(server))
        except OSError:  # it is not read from any more, or has been ended
            pass
        finally:
            client.close()
        assert max(used) - used[0] < 40


def read_all(server: Server) -> None:
    """By the time that this client has been sent all of it, others have been sent what they will take."""
    with watching(server, "after=0") as watcher:
        while len(watcher.texts) < TEXTS:
            watcher.receive()


def masked(first: int, payload: bytes) -> bytes:
    """A websocket frame as clients send it, with a mask of zeros."""
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0x80 | 127]) + len(payload).to_bytes(8, "big")
    return bytes([first]) + size + bytes(4) + payload


def test_a_server_that_is_told_to_stop_stops_though_clients_do_not_read(full_database: str) -> None:
    with Server("uvicorn", database_url=full_database) as server:
        stuck = [ask_and_never_read(server) for _ in range(3)]
        try:
            read_all(server)
            assert all(is_open(server, client) for client in stuck)
            assert server.stop() in {0, -signal.SIGTERM}
        finally:
            for client in stuck:
                client.close()


def memory(server: Server) -> float:
    """What the process has resident, in MiB."""
    resident: int = psutil.Process(server.pid).memory_info().rss
    return resident / 2**20


def ask_and_never_read(server: Server) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", server.port))
    client.sendall(
        b"GET /ws/feed/?after=0 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    return client


def is_open(server: Server, client: socket.socket) -> bool:
    """Whether the server still holds its end of the connection."""
    held = psutil.Process(server.pid).net_connections("tcp")
    return any(each.raddr and each.raddr.port == client.getsockname()[1] for each in held)


def test_several_servers_and_processes_share_one_log_by_postgresql_and_redis(
    postgresql_database: str, redis_url: str
) -> None:
    """The poll is turned off, so that only the doorbell can wake the hubs."""
    shared = {"database_url": postgresql_database, "redis_url": redis_url, "FEED_POLL": "3600"}
    with Server("daphne", **shared) as one, Server("uvicorn", **shared) as other:
        with watching(one, "after=0") as first, watching(other, "after=0") as second:
            first.receive()
            second.receive()
            post(one, "a", "b", "c")
            first.see("a", "b", "c")
            second.see("a", "b", "c")
            assert list(first.texts) == list(second.texts)
        one.assert_quiet()
        other.assert_quiet()


def test_without_its_redis_a_server_goes_on_by_polling() -> None:
    with Server(redis_url=f"redis://127.0.0.1:{free_port()}/0") as deaf, watching(deaf, "after=0") as watcher:
        post(deaf, "unheard")
        watcher.see("unheard")


@pytest.fixture
def tail() -> Iterator["Tail"]:
    running = Tail()
    yield running
    running.end()


class Tail:
    """`manage.py tail` in a process of its own."""

    _process: "subprocess.Popen[str] | None" = None

    def follow(self, url: str, *arguments: str) -> None:
        command = [sys.executable, "manage.py", "tail", "--url", url, *arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._lines: queue.Queue[str] = queue.Queue()
        self._reading = threading.Thread(target=self._read, args=[self._process.stdout], daemon=True)
        self._reading.start()

    def _read(self, output: TextIO) -> None:
        with output:
            for line in output:
                self._lines.put(line)

    def see(self, text: str) -> str:
        """The first line from here on that has this text."""
        while text not in (line := self._lines.get(timeout=PATIENCE)):
            assert "GAP" not in line
        return line

    def wait(self) -> int:
        assert self._process
        return self._process.wait(PATIENCE)

    def end(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._reading.join(PATIENCE)


def test_tail_follows_a_feed_over_a_restart_of_the_server(server: Server, tail: Tail) -> None:
    post(server, "before")
    tail.follow(server.ws_url(), "--after", "0", "--stream", "user:alice")
    assert tail.see("before").split() == ["2", "created", "status_change", "alice:", "before"]
    server.kill()
    tail.see("Reconnecting after 2")
    post(server, "while it was down")
    server.start()
    tail.see("while it was down")
    server.shell("StatusChange.objects.get(text='before').delete()")
    assert "deleted" in tail.see("#2")


def test_tail_prints_frames_as_they_are(server: Server, tail: Tail) -> None:
    post(server, "Hello")
    tail.follow(server.ws_url(), "--after", "0", "--json")
    frame = json.loads(tail.see("Hello"))
    assert (frame["type"], frame["after"]) == ("changes", 0)


def test_tail_shows_the_newest_events_when_its_cursor_can_not_be_followed(server: Server, tail: Tail) -> None:
    post(server, "Hello")
    tail.follow(server.ws_url(), "--after", "1000")
    tail.see("Reset (ahead)")
    assert "present" in tail.see("Hello")
    post(server, "and on")
    tail.see("and on")


def test_tail_ends_with_the_reason_when_it_is_refused(server: Server, tail: Tail) -> None:
    tail.follow(server.ws_url(), "--stream", "user:nobody")
    tail.see("There is no stream 'user:nobody'.")
    assert tail.wait() != 0


def test_simulate_makes_something_to_watch_from_another_process(server: Server) -> None:
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


def test_a_program_goes_on_from_its_snapshot(server: Server) -> None:
    post(server, "before")
    with urlopen(server.url("/api/events/")) as answer:
        snapshot = json.load(answer)
    post(server, "after")
    with watching(server, f"after={snapshot['position']}&log={snapshot['log']}") as watcher:
        watcher.cursor = snapshot["position"]
        watcher.texts = {event["id"]: event["text"] for event in snapshot["events"] if "text" in event}
        watcher.see("before", "after")


def test_tail_says_so_when_frames_do_not_tile(tail: Tail) -> None:
    def broken(connection: ServerConnection) -> None:
        for after, position in [(0, 3), (5, 7)]:
            frame = {"type": "changes", "log": "k3x9", "after": after, "position": position, "changes": []}
            connection.send(json.dumps(frame))
        connection.recv()  # until it goes

    with serve(broken, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tail.follow(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws/feed/", "--after", "0")
        assert "begins after 5" in tail.see("GAP")
        tail.end()


@pytest.mark.usefixtures("redis_url")  # skipped, or failed, where there is none
def test_a_redis_that_hangs_delays_and_loses_nothing() -> None:
    with services.redis() as redis, Server(redis_url=redis.url) as server, watching(server, "after=0") as watcher:
        post(server, "heard")
        watcher.see("heard")
        redis.freeze()
        post(server, "while it hangs")
        watcher.see("heard", "while it hangs")
        redis.thaw()
        post(server, "afterwards")
        watcher.see("heard", "while it hangs", "afterwards")
