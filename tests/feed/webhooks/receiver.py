"""A receiver of webhooks, in a thread of the test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from standardwebhooks import Webhook as Signer


class Receiver:
    """
    answers: the statuses of the next answers. After that it answers 204.
    before_answer: called when a request has been noted.
    """

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.before_answer: Callable[[], object] = lambda: None
        self.headers: dict[str, str] = {}
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    def messages(self, secret: str) -> list[Any]:
        """The messages, after their signatures were checked."""
        return [Signer(secret).verify(body, headers) for headers, body in self.requests]

    def take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.requests.append((dict(request.headers), body))
        self.before_answer()
        request.send_response(self.answers.pop(0) if self.answers else 204)
        for name, value in self.headers.items():
            request.send_header(name, value)
        request.end_headers()


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Request(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self)

        def log_message(self, *arguments: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Request) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook?to=rill"
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
