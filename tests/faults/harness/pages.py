"""Posts through the pages of a server, as browsers do."""

import secrets
import threading
import time
from http.client import FOUND, HTTPConnection, HTTPException
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlencode

from tests.support.processes import wait_until
from tests.support.servers import HOST

CSRF = "x" * 32
TIMEOUT = 20.0
INTERVAL = 1.0
"""Seconds between two posts of a visitor. Together they stay below the rate limit for one user."""


class Listening(Protocol):
    """A server, or a proxy in front of one."""

    port: int


class Visitors:
    """Several threads that post statuses in one user's session, again and again.

    posted: the number of responses. texts: the statuses that were posted.
    longest: the longest time until a response, in seconds. failures: errors and other responses than the redirect.
    """

    def __init__(self, server: Listening, session: str, many: int = 3, interval: float = INTERVAL) -> None:
        self.longest = 0.0
        self.posted = 0
        self.texts: list[str] = []
        self.failures: list[str] = []
        self._interval = interval
        self._server = server
        self._session = session
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._post_again_and_again, daemon=True) for _ in range(many)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def wait_posted(self, more: int) -> None:
        """Wait for that many more responses."""
        before = self.posted
        wait_until(lambda: self.posted >= before + more, f"{more} responses to posts by page")

    def _post_again_and_again(self) -> None:
        while not self._stopped.is_set():
            began, text = time.monotonic(), f"from a page: {secrets.token_hex(8)}"
            self.texts.append(text)
            try:
                status = post_by_page(self._server, self._session, text, key=secrets.token_hex(8))
            except (OSError, HTTPException) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
            else:
                if status != FOUND:
                    self.failures.append(f"The response was {status}.")
            self.longest = max(self.longest, time.monotonic() - began)
            self.posted += 1
            self._stopped.wait(self._interval)


def post_by_page(
    server: Listening, session: str, text: str = "from a page", path: str = "/events/", key: str = ""
) -> int:
    """Post once in the session. Returns the response's status. Raises OSError or HTTPException."""
    connection = HTTPConnection(HOST, server.port, timeout=TIMEOUT)
    try:
        form = urlencode({"text": text, "key": key, "csrfmiddlewaretoken": CSRF})
        cookies = f"sessionid={session}; csrftoken={CSRF}"
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, form, headers)
        return connection.getresponse().status
    finally:
        connection.close()
