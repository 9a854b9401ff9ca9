"""What nobody should send: it is answered or ended, costs no memory, and makes no noise; others notice nothing."""

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
NOISE = 1
"""Lines in the log that one connection may cause."""
GROWTH = 32.0
"""MiB."""
CLOSE = 0x8


@pytest.fixture(scope="module", params=get_args(Kind))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(request.param) as server:
        yield server


@pytest.fixture(scope="module")
def watcher(server: Server) -> Iterator[TilingWatcher]:
    """Somebody who was there before."""
    with watching(server, "after=0") as watcher:
        yield watcher


def provoke(server: Server, hostile: Hostile) -> None:
    """Send it, and wait for the end of the connection, or for a first answer where there need be no end."""
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
    """Whether there is a close frame among those that the server has sent, after its handshake."""
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
        assert resident(server) - memory < GROWTH, hostile.name
    post_from_another_process(server, group)
    while group not in watcher.texts.values():
        watcher.receive()
    noise = server.log()[before:]
    assert len(noise.splitlines()) <= NOISE * sent, noise
