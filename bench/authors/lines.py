"""A line over TCP, for the raw servers: the least that can make an event known."""

import socket
from typing import Any

from bench.authors.posts import PostAuthor
from bench.events import encode


def author(host: str, port: str) -> PostAuthor:
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def announce(event: dict[str, Any]) -> None:
        connection.sendall(encode(event) + b"\n")

    return PostAuthor(announce)
