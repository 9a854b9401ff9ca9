"""Swarms of stuck clients: they connect, ask for the whole log, and never read it, or hardly.

with Swarm("127.0.0.1", server.port, "never reads", 200) as swarm:
    wait_until(lambda: swarm.open() == 0, "the server to end the clients")

They use raw sockets, because a websocket library would read and answer pings. A swarm needs one thread.
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
"""The first byte of a websocket frame."""
ESTABLISHED = b"\x01"
"""The first byte of the kernel's TCP_INFO while neither side has closed or reset the connection."""


def masked(first: int, payload: bytes) -> bytes:
    """A websocket frame as clients send it, with a mask of zeros."""
    return bytes([first]) + length(len(payload)) + bytes(4) + payload


def length(size: int) -> bytes:
    """The length of a masked frame, as its header encodes it."""
    if size < 126:
        return bytes([0x80 | size])
    return b"\xfe" + size.to_bytes(2, "big") if size < 2**16 else b"\xff" + size.to_bytes(8, "big")


CHATTER = masked(TEXT, b'{"type": "ping"}') + 8 * masked(PING, b"x" * 125)
"""The server answers it with a frame and eight pongs. Clients may send it four times a second at most."""
INTERVALS: dict[Stuck, float] = {"reads a byte a second": 1.0, "never reads, and sends": 0.25}
"""Seconds between two reads, or two writes, of a client."""


class Swarm:
    """`count` stuck clients of one kind.

    receive_buffer: bytes of each client's receive buffer; None for the kernel's default.
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
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.clients: list[socket.socket] = []
        self._unsent: dict[socket.socket, bytes] = {}
        try:
            for _ in range(count):
                self.clients.append(ask(host, port, query, receive_buffer))
        except BaseException:
            self.close()
            raise
        if kind in INTERVALS:
            self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def open(self) -> int:
        """How many connections the server has not ended yet."""
        return sum(map(is_open, self.clients))

    def close(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        for client in self.clients:
            client.close()

    def _run(self) -> None:
        while not self._stopped.wait(INTERVALS[self._kind]):
            for client in self.clients:
                # The server has ended it, or it would block.
                with suppress(OSError):
                    self._read_or_send(client)

    def _read_or_send(self, client: socket.socket) -> None:
        if self._kind == "reads a byte a second":
            client.recv(1)
        else:
            rest = self._unsent.get(client) or CHATTER
            self._unsent[client] = rest[client.send(rest) :]


def ask(host: str, port: int, query: str, receive_buffer: int | None = None) -> socket.socket:
    """A non-blocking connection that has sent its handshake."""
    client = socket.socket()
    if receive_buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect((host, port))
    client.sendall(HANDSHAKE % query.encode())
    client.setblocking(False)
    return client


def is_open(client: socket.socket) -> bool:
    """Whether the connection is still open. Doesn't read from it."""
    return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == ESTABLISHED
