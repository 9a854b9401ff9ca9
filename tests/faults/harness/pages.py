"""Who posts by the pages of a server, as people do with their browsers."""

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
PATIENCE = 20.0
EVERY = 1.0
"""Seconds between two posts of each, so that together they stay below the limit for one user."""


class Listening(Protocol):
    """A server, or what stands in front of one."""

    port: int


class Visitors:
    """Several at once who post a status again and again, in the session of one person.

    posted: how often they have been answered. texts: what they have posted.
    longest: seconds that one of them has waited for the answer, at most. failures: what was answered instead.
    """

    def __init__(self, server: Listening, session: str, many: int = 3, every: float = EVERY) -> None:
        self.longest = 0.0
        self.posted = 0
        self.texts: list[str] = []
        self.failures: list[str] = []
        self._every = every
        self._server = server
        self._session = session
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._post_on, daemon=True) for _ in range(many)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_posted(self, more: int) -> None:
        """Until they have been answered so many times more."""
        before = self.posted
        wait_until(lambda: self.posted >= before + more, f"{more} answers to those who post by pages")

    def _post_on(self) -> None:
        while not self._over.is_set():
            began, text = time.monotonic(), f"from a page: {secrets.token_hex(8)}"
            self.texts.append(text)
            try:
                status = post(self._server, self._session, text, key=secrets.token_hex(8))
            except (OSError, HTTPException) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
            else:
                if status != FOUND:
                    self.failures.append(f"Answered with {status}.")
            self.longest = max(self.longest, time.monotonic() - began)
            self.posted += 1
            self._over.wait(self._every)


def post(server: Listening, session: str, text: str = "from a page", path: str = "/events/", key: str = "") -> int:
    """Post once, in somebody's session; returns the status of the answer. Raises OSError or HTTPException."""
    connection = HTTPConnection(HOST, server.port, timeout=PATIENCE)
    try:
        form = urlencode({"text": text, "key": key, "csrfmiddlewaretoken": CSRF})
        cookies = f"sessionid={session}; csrftoken={CSRF}"
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, form, headers)
        return connection.getresponse().status
    finally:
        connection.close()
