"""Hostile input is answered or its connection ended. It takes little memory, logs little, and affects nobody else."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import get_args

import pytest

from tests.faults.harness.hostile import GROUPS, Hostile
from tests.faults.harness.memory import resident
from tests.support.servers import HOST, Kind, Server
from tests.support.watching import TilingWatcher, post_from_another_process, watching

TIMEOUT = 60
MAX_LOG_LINES = 1
"""Log lines that one connection may cause."""
MAX_GROWTH = 32.0
"""MiB that the server may grow by."""
CLOSE = 0x8


@pytest.fixture(scope="module", params=get_args(Kind))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(request.param) as server:
        yield server


@pytest.fixture(scope="module")
def watcher(server: Server) -> Iterator[TilingWatcher]:
    """A watcher that is connected before the hostile clients."""
    with watching(server, "after=0") as watcher:
        yield watcher


def provoke(server: Server, hostile: Hostile) -> None:
    """Send the input. Wait for the end of the connection or, if the server need not end it, for a first response."""
    with socket.create_connection((HOST, server.port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.settimeout(TIMEOUT)
        try:
            client.sendall(hostile.request(f"{HOST}:{server.port}"))
            if hostile.waits:
                return
            received = read(client, b'"changes"' if hostile.sends and not hostile.silent else b"\r\n\r\n")
            for part in hostile.sends:
                client.sendall(part)
        except ConnectionError:
            return
        with suppress(ConnectionError):
            while hostile.ends and not has_closed(received) and (more := client.recv(2**16)):
                received += more


def read(client: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received and (more := client.recv(2**16)):
        received += more
    return received


def has_closed(received: bytes) -> bool:
    """Whether the server has sent a close frame after its handshake."""
    _, _, rest = received.partition(b"\r\n\r\n")
    while len(rest) >= 4:
        if rest[0] & 0xF == CLOSE:
            return True
        size, start = (int.from_bytes(rest[2:4], "big"), 4) if rest[1] == 126 else (rest[1], 2)
        rest = rest[start + size :]
    return False


@pytest.mark.parametrize("group", GROUPS)
def test_hostile_input_is_answered_or_ended_and_affects_no_other_client(
    server: Server, watcher: TilingWatcher, group: str
) -> None:
    before, memory = len(server.log()), resident(server)
    sent = 0
    for hostile in GROUPS[group]():
        provoke(server, hostile)
        sent += 1
        assert resident(server) - memory < MAX_GROWTH, hostile.name
    post_from_another_process(server, group)
    while group not in watcher.texts.values():
        watcher.receive()
    logged = server.log()[before:]
    assert len(logged.splitlines()) <= MAX_LOG_LINES * sent, logged
