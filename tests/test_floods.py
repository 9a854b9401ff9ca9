"""Clients that send too much. The server ends them, and other clients are served as before."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import get_args

import pytest
from websockets.exceptions import ConnectionClosed

from tests.faults.harness.floods import Flood, Sent
from tests.faults.harness.memory import Memory, resident
from tests.support.processes import wait_until
from tests.support.servers import HOST, Kind, Server
from tests.support.watching import post_from_another_process, watching

LARGE = ["--ws-max-size", str(16 * 2**20)]
"""uvicorn's default. Rill's limits must not depend on uvicorn's options."""
COMPRESSED = ["--ws-per-message-deflate", "true", *LARGE]
OPTIONS: dict[str, tuple[Kind, list[str]]] = {
    "daphne": ("daphne", []),
    "uvicorn": ("uvicorn", []),
    "uvicorn-asyncio": ("uvicorn", ["--loop", "asyncio", *LARGE]),
    "uvicorn-compressed": ("uvicorn", COMPRESSED),
}
BOTH = pytest.mark.parametrize("server", get_args(Kind), indirect=True)
MORE_MEMORY = 24.0
"""MiB. The 40 clients may take two and a half of them, 64 KiB each."""


@pytest.fixture(scope="module", params=OPTIONS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    kind, options = OPTIONS[request.param]
    with Server(kind, options=options) as server:
        post_from_another_process(server, "before")
        yield server
        server.assert_quiet()


@contextmanager
def bounded(server: Server) -> Iterator[None]:
    """Assert that the server takes little more memory within the `with`."""
    before = resident(server)
    with Memory([server]) as memory:
        yield
    assert memory.peak - before < MORE_MEMORY


def assert_served(server: Server, floods: list[Flood], ends: int) -> None:
    """Wait until the floods were ended `ends` times. Meanwhile another client must see every post."""
    with watching(server) as watcher:
        watcher.receive()
        texts: list[str] = []
        while not texts or sum(flood.ended for flood in floods) < ends:
            texts.append(str(len(texts)))
            post_from_another_process(server, texts[-1])
            watcher.see(*texts)


def test_a_server_ends_every_kind_of_flood_and_serves_other_clients_meanwhile(server: Server) -> None:
    with ExitStack() as stack, bounded(server):
        floods = [stack.enter_context(Flood(HOST, server.port, sent, 2)) for sent in get_args(Sent)]
        assert_served(server, floods, 2 * len(floods))


@pytest.mark.parametrize("sent", ["endless message", "claim"])
def test_unfinished_messages_take_little_memory(server: Server, sent: Sent) -> None:
    with bounded(server), Flood(HOST, server.port, sent, 40) as flood:
        wait_until(lambda: flood.ended == 40, "the server to end the clients")


@BOTH
def test_floods_that_reconnect_delay_no_other_client(server: Server) -> None:
    with bounded(server), Flood(HOST, server.port, "pongs", 20, again=True) as flood:
        assert_served(server, [flood], 40)


@BOTH
def test_a_page_that_floods_before_its_first_message_is_ended(server: Server) -> None:
    with Flood(HOST, server.port, "pings", 2, query="format=html") as flood:
        assert_served(server, [flood], 2)


@BOTH
def test_a_client_that_exceeds_a_message_limit_gets_its_close_code(server: Server) -> None:
    with watching(server) as watcher, pytest.raises(ConnectionClosed) as ended:
        for _ in range(51):
            watcher.connection.send('{"type": "ping"}')
        while True:
            watcher.connection.recv(timeout=20)
    assert ended.value.rcvd
    assert ended.value.rcvd.code == 4429
    with watching(server) as watcher, pytest.raises(ConnectionClosed) as ended:
        watcher.connection.send('{"type": "ping", "x": "' + "x" * 20_000 + '"}')
        while True:
            watcher.connection.recv(timeout=20)
    assert ended.value.rcvd
    assert ended.value.rcvd.code == 4400
