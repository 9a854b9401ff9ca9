"""A receiver of webhooks, in a thread of the test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from standardwebhooks import Webhook as Signer

from tests.support.local_site import Silent, serving


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

    class Request(Silent, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self)

    with serving(Request) as site:
        receiver.url = f"{site}/hook?to=rill"
        yield receiver
