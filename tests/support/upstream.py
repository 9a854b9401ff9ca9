"""A server behind a proxy that remembers its requests, and can drop them."""

import threading
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.support.processes import TIMEOUT, free_port
from tests.support.servers import HOST

FIRST_FRAME = b"data: first\n\n"
PROBES = {"/healthz", "/readyz"}
POLL = 0.02
"""Seconds until it notices that it is stopped."""


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: Message


class Upstream(ThreadingHTTPServer):
    """drops: whether it ends each connection without an answer, as a process does that is killed. Not for probes.

    received: its requests, without probes.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, *, drops: bool = False) -> None:
        super().__init__((HOST, free_port()), Answer)
        self.drops = drops
        self.received: list[Received] = []
        self.stopped = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=[POLL], daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stopped.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: Any) -> None:
        """Say nothing: proxies end connections as they like."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Answer(BaseHTTPRequestHandler):
    """A stream under /sse/, which begins and never ends, and "ok" elsewhere."""

    server: Upstream
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path not in PROBES:
            self.server.received.append(Received(self.command, self.path, self.headers))
            if self.server.drops:
                self.close_connection = True
                return
        self.send_response(200)
        if self.path.startswith("/sse/"):
            self._stream()
        else:
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

    do_POST = do_GET  # noqa: N815

    def _stream(self) -> None:
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(FIRST_FRAME), FIRST_FRAME))
        self.server.stopped.wait(TIMEOUT)

    def log_message(self, format: str, *args: Any) -> None:
        pass
