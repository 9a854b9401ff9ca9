"""Swarms of clients that are stuck: they connect, ask for all of the log, and never read what they are sent.

with Swarm("127.0.0.1", server.port, "never reads", 200) as swarm:
    wait_until(lambda: swarm.open() == 0, "them to be ended")

Raw sockets, as a library would read, and answer pings. A swarm costs one thread.
"""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self

Stuck = Literal["never reads", "reads a byte a second", "never reads, and sends"]

HANDSHAKE = (
    b"GET /ws/feed/?%b HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TEXT, PING = 0x81, 0x89
"""The first bytes of a whole websocket frame, by what it is."""
ESTABLISHED = b"\x01"
"""The first byte of the kernel's TCP_INFO, for as long as neither side has closed or reset the connection."""


def masked(first: int, payload: bytes) -> bytes:
    """A websocket frame as clients send it, with a mask of zeros."""
    return bytes([first]) + length(len(payload)) + bytes(4) + payload


def length(size: int) -> bytes:
    """The length of a masked frame, as its header says it."""
    if size < 126:
        return bytes([0x80 | size])
    return b"\xfe" + size.to_bytes(2, "big") if size < 2**16 else b"\xff" + size.to_bytes(8, "big")


CHATTER = masked(TEXT, b'{"type": "ping"}') + 8 * masked(PING, b"x" * 125)
"""What makes a server answer with a frame and eight pongs. Once in a quarter of a second is as often as it may."""
EVERY: dict[Stuck, float] = {"reads a byte a second": 1.0, "never reads, and sends": 0.25}
"""Seconds between two acts of each client."""


class Swarm:
    """`count` stuck clients of one kind.

    receive_buffer: bytes that each client's kernel takes in; None for as many as it likes.
    """

    def __init__(
        self,
        host: str,
        port: int,
        kind: Stuck,
        count: int,
        *,
        query: str = "after=0",
        receive_buffer: int | None = 4096,
    ) -> None:
        self._kind = kind
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._act, daemon=True)
        self.clients: list[socket.socket] = []
        self._unsent: dict[socket.socket, bytes] = {}
        try:
            for _ in range(count):
                self.clients.append(ask(host, port, query, receive_buffer))
        except BaseException:
            self.close()
            raise
        if kind in EVERY:
            self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def open(self) -> int:
        """How many the server has not ended yet."""
        return sum(map(is_open, self.clients))

    def close(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        for client in self.clients:
            client.close()

    def _act(self) -> None:
        while not self._stopped.wait(EVERY[self._kind]):
            for client in self.clients:
                # Ended by the server, or not to be read from or written to just now.
                with suppress(OSError):
                    self._read_or_send(client)

    def _read_or_send(self, client: socket.socket) -> None:
        if self._kind == "reads a byte a second":
            client.recv(1)
        else:
            rest = self._unsent.get(client) or CHATTER
            self._unsent[client] = rest[client.send(rest) :]


def ask(host: str, port: int, query: str, receive_buffer: int | None = None) -> socket.socket:
    """A connection that has sent its handshake, and doesn't block from then on."""
    client = socket.socket()
    if receive_buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect((host, port))
    client.sendall(HANDSHAKE % query.encode())
    client.setblocking(False)
    return client


def is_open(client: socket.socket) -> bool:
    """Whether the connection is still there, which it tells without reading."""
    return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == ESTABLISHED
