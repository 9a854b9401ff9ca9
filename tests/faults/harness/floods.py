"""Clients that send as fast as they can: what costs them nothing and a server much.

with Flood(HOST, server.port, "pongs", 20) as flood:
    wait_until(lambda: flood.ended >= 20, "them to be ended")

Raw sockets, since a library would wait for the server. A flood costs one thread.
"""

import selectors
import socket
import time
import zlib
from collections import deque
from typing import Literal

from tests.faults.harness.beside import Beside
from tests.faults.harness.clients import HANDSHAKE, masked

Sent = Literal[
    "pongs",
    "pings",
    "full pings",
    "empty parts",
    "small parts",
    "messages",
    "single bytes",
    "endless message",
    "claim",
    "bombs",
]
BEGUN, PART, TEXT, COMPRESSED, PING, PONG = 0x01, 0x00, 0x81, 0xC1, 0x89, 0x8A
CLAIMED = 16 * 2**20
"""Bytes that a message is said to have which is never finished."""
AT_ONCE = 64 * 1024
END = b"\r\n\r\n"
EXTENSION = b"\r\nSec-WebSocket-Extensions: permessage-deflate"
AWAY = 1.0
"""Seconds in which all of them come, and for which a client stays away that was ended."""
LOOK = 0.1
"""Seconds after which it is looked whether the flood is over."""


def bomb() -> bytes:
    """A message of one megabyte in one kilobyte."""
    compressor = zlib.compressobj(wbits=-12)
    return compressor.compress(b" " * 2**20) + compressor.flush(zlib.Z_SYNC_FLUSH)[:-4]


FIRST: dict[Sent, bytes] = {
    "empty parts": masked(BEGUN, b""),
    "small parts": masked(BEGUN, b""),
    "endless message": masked(BEGUN, b""),
    "claim": bytes([BEGUN, 0xFF]) + CLAIMED.to_bytes(8, "big") + bytes(4),
}
AGAIN: dict[Sent, bytes] = {
    "pongs": masked(PONG, b""),
    "pings": masked(PING, b""),
    "full pings": masked(PING, b"x" * 125),
    "empty parts": masked(PART, b""),
    "small parts": masked(PART, b"x"),
    "messages": masked(TEXT, b'{"type": "ping"}'),
    "single bytes": masked(PONG, b""),
    "endless message": masked(PART, b"x" * 2**14),
    "claim": b"x" * 2**14,
    "bombs": masked(COMPRESSED, bomb()),
}


class Flood(Beside):
    """`count` clients that send the same as fast as they can.

    again: whether a client comes back a second after it was ended. ended: how often one was.
    """

    def __init__(self, host: str, port: int, sent: Sent, count: int, *, query: str = "", again: bool = False) -> None:
        super().__init__()
        self.ended = 0
        self._address = (host, port)
        self._sent, self._again = sent, again
        # When a client comes (back), by time.monotonic(): not all at once, which would be a flood of connections.
        self._due = deque(time.monotonic() + AWAY * number / count for number in range(count))
        self._handshake = HANDSHAKE % query.encode()
        if sent == "bombs":
            self._handshake = self._handshake.replace(END, EXTENSION + END)
        self._more = AGAIN[sent] * (AT_ONCE // len(AGAIN[sent]))
        self._clients: set[socket.socket] = set()
        self._selector = selectors.DefaultSelector()

    def _work(self) -> None:
        with self._selector:
            while not self.over.is_set():
                self._come_when_due()
                for key, events in self._selector.select(LOOK):
                    client, unsent = key.data
                    self._act(client, unsent, events)
        for client in self._clients:
            client.close()

    def _come_when_due(self) -> None:
        while self._due and self._due[0] <= time.monotonic():
            self._due.popleft()
            self._come()

    def _come(self) -> None:
        client = socket.create_connection(self._address)
        self._clients.add(client)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(self._handshake)
        client.setblocking(False)
        self._selector.register(client, selectors.EVENT_READ, (client, b""))

    def _act(self, client: socket.socket, unsent: bytes, events: int) -> None:
        try:
            if events & selectors.EVENT_READ:
                unsent = self._read(client, unsent)
            if events & selectors.EVENT_WRITE:
                unsent = self._send(client, unsent)
            self._selector.modify(client, selectors.EVENT_READ | selectors.EVENT_WRITE, (client, unsent))
        except BlockingIOError:
            pass
        except OSError:
            self._leave(client)

    def _read(self, client: socket.socket, unsent: bytes) -> bytes:
        """Read what the server says. Its first answer is what a client has to wait for."""
        if not client.recv(AT_ONCE):
            raise ConnectionResetError
        return unsent or FIRST.get(self._sent, b"") + self._more

    def _send(self, client: socket.socket, unsent: bytes) -> bytes:
        sent = client.send(unsent[:1] if self._sent == "single bytes" else unsent)
        return unsent[sent:] or self._more

    def _leave(self, client: socket.socket) -> None:
        self.ended += 1
        self._selector.unregister(client)
        self._clients.discard(client)
        client.close()
        if self._again:
            self._due.append(time.monotonic() + AWAY)
