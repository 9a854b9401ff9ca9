"""Makes one websocket frame of each line from the poster, and writes it to every watcher's transport.

python -m bench.servers.raw_asyncio PORT POSTING_PORT
"""

import asyncio
import base64
import hashlib
import re
import sys

HOST = "127.0.0.1"
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
CLOSE = 8

watchers: set[asyncio.Transport] = set()


def accepting(key: bytes) -> bytes:
    digest = base64.b64encode(hashlib.sha1(key + MAGIC).digest())  # noqa: S324 (RFC 6455 prescribes it)
    headers = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    return b"HTTP/1.1 101 Switching Protocols\r\n" + headers + digest + b"\r\n\r\n"


def frame(text: bytes) -> bytes:
    length = len(text)
    return b"\x81" + (bytes([length]) if length < 126 else b"\x7e" + length.to_bytes(2, "big")) + text


class Watcher(asyncio.Protocol):
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.request = b""

    def data_received(self, received: bytes) -> None:
        if self.transport in watchers:
            if received[0] & 15 == CLOSE:
                self.transport.close()
            return
        self.request += received
        if b"\r\n\r\n" in self.request:
            self.answer()

    def answer(self) -> None:
        if key := re.search(rb"(?i)sec-websocket-key: *(\S+)", self.request):
            self.transport.write(accepting(key[1]))
            watchers.add(self.transport)
        else:
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        watchers.discard(self.transport)


class Posting(asyncio.Protocol):
    rest = b""

    def data_received(self, received: bytes) -> None:
        *lines, self.rest = (self.rest + received).split(b"\n")
        for line in lines:
            ready = frame(line)
            for transport in watchers:
                transport.write(ready)


async def main(port: int, posting: int) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(Posting, HOST, posting)
    server = await loop.create_server(Watcher, HOST, port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
