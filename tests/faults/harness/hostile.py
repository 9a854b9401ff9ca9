"""Hostile input. The server answers each with an error frame or a close, and nothing else happens."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80
MASK = bytes(4)
"""Zeros, so that masking changes nothing."""
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
QUERIES = (
    *("after=-1", "after=1e9", "after=%00", "after=" + "9" * 400, "after=%D9%A3", "after=0x10", "after="),
    *("stream=" + "x" * 5000, "stream=%00", "stream=user:%00", "stream=thread:0", "stream=thread:" + "9" * 30),
    *("stream=%ED%A0%80", "stream=%FF%FE", "stream=kind:nothing", "stream=", "format=xml", "format=%00", "%%%=&&&="),
    "log=" + "%F0%9F%8E%89" * 300,
    "&".join(f"stream=user:{number}" for number in range(10_000)),
)
HANDSHAKES = {
    "a broken extension": "Sec-WebSocket-Extensions: permessage-deflate; =;;,=\r\n",
    "an extension twice": "Sec-WebSocket-Extensions: x; a; a\r\nSec-WebSocket-Extensions: x; a=1; a=2\r\n",
    "a broken subprotocol": "Sec-WebSocket-Protocol: a, ,a,,b\r\n",
    "a subprotocol twice": "Sec-WebSocket-Protocol: a, a\r\n",
    "an odd cookie": 'Cookie: sessionid="\\303\\251; ==;;; =\r\n',
    "bytes in a header": "X-Odd: \xff\xfe\r\n",
    "two origins": "Origin: http://a\r\nOrigin: http://b\r\n",
}


@dataclass(frozen=True, slots=True)
class Hostile:
    """A request for the websocket, and the bytes to send once it is open.

    ends: whether the server must end the connection.
    waits: whether the server may wait for the rest of the request.
    silent: whether the server waits for a first message before it sends anything.
    """

    name: str
    query: str = ""
    headers: str = ""
    sends: tuple[bytes, ...] = ()
    raw: bytes | None = None
    ends: bool = True
    waits: bool = False
    silent: bool = False

    def request(self, host: str) -> bytes:
        if self.raw is not None:
            return self.raw
        return (
            f"GET /ws/feed/?{self.query} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"{KEY}Sec-WebSocket-Version: 13\r\n{self.headers}\r\n"
        ).encode("latin1")


def frame(first: int, payload: bytes, masked: bool = True, claimed: int | None = None) -> bytes:
    """A websocket frame with this first byte. Its header may claim another length."""
    size = len(payload) if claimed is None else claimed
    bit = 0x80 if masked else 0
    if size < 126:
        length = bytes([bit | size])
    elif size < 2**16:
        length = bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([bit | 127]) + size.to_bytes(8, "big")
    return bytes([first]) + length + (MASK if masked else b"") + payload


def every() -> Iterator[Hostile]:
    for group in GROUPS.values():
        yield from group()


def queries() -> Iterator[Hostile]:
    yield from (Hostile(f"the query {query[:30]}", query, ends=False) for query in QUERIES)


def handshakes() -> Iterator[Hostile]:
    yield from (Hostile(name, headers=headers, ends=False) for name, headers in HANDSHAKES.items())


def requests() -> Iterator[Hostile]:
    """Requests that are not a valid handshake."""
    yield Hostile("garbage instead of HTTP", raw=bytes(range(128, 256)) * 16 + b"\r\n\r\n")
    yield Hostile("TLS", raw=bytes.fromhex("16030100c8010000c40303") + bytes(200), waits=True)
    yield Hostile("a header of 200 KB", headers=f"X-Large: {'x' * 200_000}\r\n")
    yield Hostile("10,000 headers", headers="X-Many: x\r\n" * 10_000, waits=True)
    start = "GET /ws/feed/ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    host, version = "Host: localhost\r\n", "Sec-WebSocket-Version: 13\r\n"
    broken = {
        "no key": host + version,
        "a broken key": f"{host}{version}Sec-WebSocket-Key: x\r\n",
        "version 99": f"{host}{KEY}Sec-WebSocket-Version: 99\r\n",
        "a version that is no number": f"{host}{KEY}Sec-WebSocket-Version: x\r\n",
        "no host": KEY + version,
    }
    yield from (Hostile(name, raw=f"{start}{headers}\r\n".encode()) for name, headers in broken.items())


def messages() -> Iterator[Hostile]:
    """Invalid messages on an open connection."""
    texts = {
        "no JSON": b"nonsense",
        "half of JSON": b'{"type": "pi',
        "deep JSON": b"[" * 3000,
        "deeper objects": b'{"a":' * 700,
        "a number of 3,000 digits": b'{"type": ' + b"9" * 3000 + b"}",
        "no object": b"[1, 2]",
        "an unknown type": b'{"type": "subscribe"}',
        "no type": b"{}",
        "a type that is no text": b'{"type": {"type": "ping"}}',
        "a lone surrogate": b'{"type": "\\ud800"}',
        "a NUL": b'{"type": "ping\\u0000"}',
        "nothing": b"",
        "broken UTF-8": b'{"type": "\xff\xfe"}',
        "a surrogate in UTF-8": b"\xed\xa0\x80",
        "more than 4 KiB": json.dumps({"type": "ping", "x": "x" * 5000}).encode(),
    }
    for name, text in texts.items():
        yield Hostile(name, sends=(frame(FIN | TEXT, text),))
    yield Hostile("binary", sends=(frame(FIN | BINARY, bytes(range(256))),))


def floods() -> Iterator[Hostile]:
    """Too many bytes, fragments or frames."""
    claim = frame(FIN | TEXT, bytes(2**20), claimed=100 * 2**20)
    yield Hostile("a frame of 100 MB", sends=(claim, *[bytes(2**20)] * 99))
    yield Hostile("100 MB in parts", sends=(frame(TEXT, b"x" * 2**16), *[frame(0, b"x" * 2**16)] * 1600))
    yield Hostile("100 MB in small parts", sends=(frame(TEXT, b""), *[frame(0, b"x" * 100) * 10_000] * 100))
    yield Hostile("16 MB never finished", sends=(frame(TEXT, bytes(2**20), claimed=16 * 2**20), *[bytes(2**20)] * 14))
    yield Hostile("many parts of nothing", sends=(frame(TEXT, b""), *[frame(0, b"") * 1000] * 20))
    yield Hostile("a million messages", sends=tuple([frame(FIN | TEXT, b'{"type": "ping"}') * 10_000] * 100))
    yield Hostile("a million empty messages", sends=tuple([frame(FIN | TEXT, b"") * 10_000] * 100))
    yield Hostile("a million pongs", sends=tuple([frame(FIN | PONG, b"") * 10_000] * 100))
    yield Hostile("pings before the hello", "format=html", sends=(frame(FIN | PING, b"") * 20_000,), silent=True)


def frames() -> Iterator[Hostile]:
    """Frames that break the websocket protocol."""
    yield Hostile("a frame without a mask", sends=(frame(FIN | TEXT, b"{}", masked=False),))
    yield Hostile("reserved bits", sends=(frame(FIN | 0x70 | TEXT, b"{}"),))
    yield Hostile("a reserved opcode", sends=(frame(FIN | 0x5, b"{}"),))
    yield Hostile("a ping in parts", sends=(frame(PING, b""),))
    yield Hostile("a ping that is too long", sends=(frame(FIN | PING, bytes(126)),))
    yield Hostile("a part of nothing", sends=(frame(FIN, b"{}"),))
    yield Hostile("a text within a text", sends=(frame(TEXT, b"{"), frame(FIN | TEXT, b"}")))
    for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535):
        yield Hostile(f"close code {code}", sends=(frame(FIN | CLOSE, code.to_bytes(2, "big")),))
    yield Hostile("half a close code", sends=(frame(FIN | CLOSE, b"\x03"),))
    yield Hostile("a close reason that is no text", sends=(frame(FIN | CLOSE, b"\x03\xe8\xff\xfe"),))


GROUPS: dict[str, Callable[[], Iterator[Hostile]]] = {
    each.__name__: each for each in (queries, handshakes, requests, messages, floods, frames)
}
