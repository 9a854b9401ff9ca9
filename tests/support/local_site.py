"""A site in a thread of the test, for what sends requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Silent:
    def log_message(self, *arguments: Any) -> None: ...


@contextmanager
def serving(answer: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The URL of the site, without a slash at its end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
