"""Clients that ask for the whole log and don't read it."""

import signal
import socket
from collections.abc import Iterator

import psutil
import pytest

from tests.support.databases import clean_environment, manage, sqlite_database
from tests.support.processes import wait_until
from tests.support.servers import Kind, Server
from tests.support.watching import BOTH, post_from_another_process, watching

LOOPS = pytest.mark.parametrize(
    ("kind", "options"),
    [("daphne", []), ("uvicorn", []), ("uvicorn", ["--loop", "asyncio"])],
    ids=["daphne", "uvicorn", "uvicorn-asyncio"],
)

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
    """The URL of a database whose log takes 12 MB as JSON."""
    with sqlite_database() as url:
        manage(clean_environment(url), "shell", "--verbosity", "0", "--command", FILL.format(TEXTS=TEXTS))
        yield url


@BOTH
def test_clients_that_never_read_take_little_memory_and_are_ended(kind: Kind, full_database: str) -> None:
    with Server(kind, database_url=full_database, FEED_STALL="2") as server:
        read_all(server)
        before = memory(server)
        stuck = [connect_and_never_read(server, request) for request in (WEBSOCKET, EVENTS) for _ in range(5)]
        try:
            with watching(server) as watcher:
                watcher.receive()
                post_from_another_process(server, "in the meantime")
                watcher.see("in the meantime")
            used = [memory(server)]

            def all_are_ended() -> bool:
                used.append(memory(server))
                return not any(is_open(server, client) for client in stuck)

            wait_until(all_are_ended, "the server to end the stuck clients")
        finally:
            for client in stuck:
                client.close()
        assert max(used) - before < 40
        server.assert_quiet()


@LOOPS
@pytest.mark.parametrize(("opcode", "size", "many"), [(0x81, 2**19, 1), (0x89, 125, 2**12)], ids=["messages", "pings"])
def test_a_client_that_sends_and_never_reads_takes_little_memory(
    kind: Kind, options: list[str], full_database: str, opcode: int, size: int, many: int
) -> None:
    """It asks for the whole log, and then sends pings, or messages that are refused, for as long as it can."""
    with Server(kind, options=options, database_url=full_database) as server:
        client = connect_and_never_read(server)
        read_all(server)
        used = [memory(server)]
        flood = masked(opcode, b"x" * size) * many
        try:
            client.settimeout(1)  # sending blocks when the server doesn't read
            if opcode == 0x81:
                client.sendall(masked(opcode, b"nonsense"))
            for _ in range(200):
                client.sendall(flood)
                used.append(memory(server))
        except OSError:  # the server has stopped reading, or has ended the connection
            pass
        finally:
            client.close()
        assert max(used) - used[0] < 40


def read_all(server: Server) -> None:
    """Read the whole log. By then the server has sent the stuck clients all that they accept."""
    with watching(server, "after=0") as watcher:
        while len(watcher.texts) < TEXTS:
            watcher.receive()


def masked(first: int, payload: bytes) -> bytes:
    """A websocket frame as clients send it, with a mask of zeros."""
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0x80 | 127]) + len(payload).to_bytes(8, "big")
    return bytes([first]) + size + bytes(4) + payload


def test_a_server_stops_on_a_signal_even_if_clients_do_not_read(full_database: str) -> None:
    with Server("uvicorn", database_url=full_database) as server:
        stuck = [connect_and_never_read(server, request) for request in (WEBSOCKET, EVENTS) for _ in range(2)]
        try:
            read_all(server)
            assert all(is_open(server, client) for client in stuck)
            assert server.stop() in {0, -signal.SIGTERM}
        finally:
            for client in stuck:
                client.close()


def memory(server: Server) -> float:
    """The resident memory of the process, in MiB."""
    resident: int = psutil.Process(server.pid).memory_info().rss
    return resident / 2**20


WEBSOCKET = (
    b"GET /ws/feed/?after=0 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
EVENTS = b"GET /sse/feed/?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connect_and_never_read(server: Server, request: bytes = WEBSOCKET) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", server.port))
    client.sendall(request)
    return client


def is_open(server: Server, client: socket.socket) -> bool:
    """Whether the server's end of the connection is still open."""
    held = psutil.Process(server.pid).net_connections("tcp")
    return any(each.raddr and each.raddr.port == client.getsockname()[1] for each in held)
