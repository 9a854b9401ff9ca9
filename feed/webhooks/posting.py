"""Posts a body to a URL, in a bounded time, and reads a bounded answer.

By http.client, and not by a library for HTTP: those look names up by themselves, follow redirects, use the proxies of
the environment and keep connections open. Here all of that must not happen.
"""

import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from functools import cache
from http.client import HTTPConnection, HTTPException
from threading import Timer
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, urlsplit

from feed.conf import conf
from feed.webhooks.addresses import Refused, addresses_of

SECONDS = 10.0
"""Seconds for one delivery, from the connection to the end of the answer."""
CONNECT_SECONDS = 3.0
"""Seconds for each address to connect."""
MAX_ADDRESSES = 3
MAX_ANSWER = 1024
"""Bytes of the answer's body that are read."""
PORTS = {"https": 443, "http": 80}


class Deadline:
    """Shuts a connection down that takes too long. Timeouts of sockets begin anew with each byte."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._timer = Timer(seconds, self._shut)
        self._timer.daemon = True
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._timer.cancel()
        # To http.client, headers that are cut off are an answer.
        if self.left() <= 0 and isinstance(error, OSError | HTTPException | None):
            raise TimeoutError("The receiver took too long.") from error

    def left(self) -> float:
        return self._ends - time.monotonic()

    def watch(self, connection: socket.socket) -> None:
        self._socket = connection
        connection.settimeout(max(0.001, self.left()))

    def _shut(self) -> None:
        if self._socket:
            with suppress(OSError):
                # Of the plain socket: that of TLS would wait for the other side.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    """The status and the beginning of the answer. Raises Refused, OSError and HTTPException."""
    parts = urlsplit(url)
    port = parts.port or PORTS.get(parts.scheme, 0)
    if not parts.hostname or not may_be_used(parts):
        raise Refused(f"A webhook's URL is like https://example.com/path, not {url!r}.")
    with Deadline(SECONDS) as deadline:
        addresses = addresses_of(parts.hostname, port)
        with closing(connected(addresses, port, deadline)) as plain:
            deadline.watch(plain)
            if parts.scheme == "http":
                return exchanged(plain, parts, body, headers)
            later = tls().wrap_socket(plain, server_hostname=parts.hostname, do_handshake_on_connect=False)
            with closing(later) as tunnel:
                deadline.watch(tunnel)
                tunnel.do_handshake()
                return exchanged(tunnel, parts, body, headers)


def may_be_used(parts: SplitResult) -> bool:
    """Whether the URL is encrypted, or needn't be, and names no user."""
    schemes = PORTS if conf.FEED_WEBHOOK_PRIVATE else {"https"}
    return parts.scheme in schemes and parts.username is None and parts.password is None


def connected(addresses: list[str], port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that accepts one. Raises OSError."""
    error: OSError | None = None
    for address in addresses[:MAX_ADDRESSES]:
        try:
            return socket.create_connection((address, port), min(CONNECT_SECONDS, max(0.001, deadline.left())))
        except OSError as refused:
            error = refused
    raise error or OSError("The host has no address.")


@cache
def tls() -> ssl.SSLContext:
    """Checks certificates, and that they are for the host."""
    return ssl.create_default_context()


def exchanged(channel: socket.socket, parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    assert parts.hostname
    connection = HTTPConnection(parts.hostname)
    connection.sock = channel  # so that it doesn't look the name up again
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("POST", target, body, {"Host": parts.netloc, "Connection": "close", **headers})
    answer = connection.getresponse()
    return answer.status, answer.read(MAX_ANSWER).decode(errors="replace")
