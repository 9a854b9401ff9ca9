"""Asks the server to save events, for embedded peers, whose channel layer doesn't cross processes."""

import json
from collections.abc import Sequence
from http.client import HTTPConnection, RemoteDisconnected

from bench.servers.embedded import PATH


class HttpPublisher:
    def __init__(self, host: str, port: str) -> None:
        self.connection = HTTPConnection(host, int(port), timeout=60)

    def commit(self, marks: Sequence[int]) -> int:
        try:
            return self._ask(marks)
        except RemoteDisconnected:  # the server closes a connection that is idle for a while
            return self._ask(marks)

    def _ask(self, marks: Sequence[int]) -> int:
        self.connection.request("POST", f"{PATH}?{marks[0]}+{len(marks)}")
        with self.connection.getresponse() as response:
            answer: dict[str, int] = json.loads(response.read())
        return answer["committed"]


publisher = HttpPublisher
