"""Publishes with a POST to nchan's publisher location, over a connection that stays open."""

from http.client import HTTPConnection
from typing import Any

from bench.events import encode
from bench.publishers.posts import PostPublisher


def publisher(host: str, port: str, path: str) -> PostPublisher:
    connection = HTTPConnection(host, int(port), timeout=60)

    def announce(event: dict[str, Any]) -> None:
        connection.request("POST", path, encode(event), {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            response.read()
            assert response.status in {201, 202}, f"nchan answers {response.status}"

    return PostPublisher(announce)
