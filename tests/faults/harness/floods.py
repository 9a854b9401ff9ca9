"""Clients that send as fast as they can: frames that are cheap to send and expensive to receive.

with Flood(HOST, server.port, "pongs", 20) as flood:
    wait_until(lambda: flood.ended >= 20, "the server to end the clients")

They use raw sockets, because a websocket library would wait for the server. A flood needs one thread.
"""

import selectors
import socket
import time
import zlib
from collections import deque
from typing import Literal

from tests.faults.harness.background import BackgroundTask
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
"""Bytes that the header of an unfinished message claims."""
BLOCK = 64 * 1024
"""Bytes to read or write at once."""
END = b"\r\n\r\n"
EXTENSION = b"\r\nSec-WebSocket-Extensions: permessage-deflate"
RECONNECT_DELAY = 1.0
"""Seconds over which the first connections are spread, and until a client connects again."""
SELECT_TIMEOUT = 0.1
"""Seconds until the flood notices that it should stop."""


def bomb() -> bytes:
    """A compression bomb: one kilobyte that expands to one megabyte."""
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


class Flood(BackgroundTask):
    """`count` clients that all send the same, as fast as they can.

    again: whether a client reconnects a second after the server has ended it.
    ended: how often the server has ended a client.
    """

    def __init__(self, host: str, port: int, sent: Sent, count: int, *, query: str = "", again: bool = False) -> None:
        super().__init__()
        self.ended = 0
        self._address = (host, port)
        self._sent, self._again = sent, again
        # When clients connect, by time.monotonic(). Spread out, because a flood of connections is another fault.
        self._due = deque(time.monotonic() + RECONNECT_DELAY * number / count for number in range(count))
        self._handshake = HANDSHAKE % query.encode()
        if sent == "bombs":
            self._handshake = self._handshake.replace(END, EXTENSION + END)
        self._more = AGAIN[sent] * (BLOCK // len(AGAIN[sent]))
        self._clients: set[socket.socket] = set()
        self._selector = selectors.DefaultSelector()

    def _work(self) -> None:
        with self._selector:
            while not self.stopped.is_set():
                self._connect_due()
                for key, events in self._selector.select(SELECT_TIMEOUT):
                    client, unsent = key.data
                    self._act(client, unsent, events)
        for client in self._clients:
            client.close()

    def _connect_due(self) -> None:
        while self._due and self._due[0] <= time.monotonic():
            self._due.popleft()
            self._connect()

    def _connect(self) -> None:
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
            self._disconnected(client)

    def _read(self, client: socket.socket, unsent: bytes) -> bytes:
        """Read and discard. A client may send once the server has answered its handshake."""
        if not client.recv(BLOCK):
            raise ConnectionResetError
        return unsent or FIRST.get(self._sent, b"") + self._more

    def _send(self, client: socket.socket, unsent: bytes) -> bytes:
        sent = client.send(unsent[:1] if self._sent == "single bytes" else unsent)
        return unsent[sent:] or self._more

    def _disconnected(self, client: socket.socket) -> None:
        self.ended += 1
        self._selector.unregister(client)
        self._clients.discard(client)
        client.close()
        if self._again:
            self._due.append(time.monotonic() + RECONNECT_DELAY)
