"""Publishes a line over TCP, for the raw servers. This is the cheapest way to publish."""

import socket
from typing import Any

from bench.events import encode
from bench.publishers.posts import PostPublisher


def publisher(host: str, port: str) -> PostPublisher:
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def announce(event: dict[str, Any]) -> None:
        connection.sendall(encode(event) + b"\n")

    return PostPublisher(announce)
