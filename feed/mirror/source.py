"""What the source of a copy says: its snapshot, page by page, and its frames."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import IO, Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import Request, urlopen

from feed.client import FeedClient, Refused
from feed.paths import SOCKET

Json = dict[str, Any]

PAGE_SIZE = 200
TIMEOUT = 30.0
MIN_WAIT, MAX_WAIT = 1.0, 60.0
"""Seconds to wait when the site answers that these were too many requests."""
BEYOND = 2**63
"""Larger than every id."""


@dataclass(frozen=True, slots=True)
class Page:
    """All events of the snapshot with an id in [low, high).

    log, position: where the log was before they were read.
    """

    log: str
    position: int
    low: int
    high: int
    events: list[Json]

    @classmethod
    def of(cls, snapshot: Json, high: int) -> Self:
        """The page of a snapshot that was asked for before `high`."""
        events = snapshot["events"]
        low = events[-1]["id"] if snapshot["next"] else 0
        return cls(snapshot["log"], snapshot["position"], low, high, events)


class Source:
    """The feed of the site at `url`, such as https://rill.example/."""

    def __init__(self, url: str, streams: Sequence[str] = (), token: str = "") -> None:
        self.url = f"{url.rstrip('/')}/"
        self._streams = tuple(streams)
        self._token = token

    def frames(self, log: str, position: int) -> AsyncIterator[Json | Exception]:
        """What happens after the position, and an exception for each lost connection. Raises Refused."""
        socket = urljoin(self.url.replace("http", "ws", 1), SOCKET)
        return FeedClient(socket, self._streams, position, log, token=self._token).frames()

    async def head(self) -> tuple[str, int]:
        """The log and its newest position. Raises Refused, or OSError if the site can't be reached."""
        snapshot = await self._get(self._first(1))
        return snapshot["log"], snapshot["position"]

    async def pages(self) -> AsyncIterator[Page]:
        """The snapshot, newest events first. Raises Refused, or OSError if the site can't be reached."""
        address: str | None = self._first(PAGE_SIZE)
        high = BEYOND
        while address:
            snapshot = await self._get(address)
            page = Page.of(snapshot, high)
            yield page
            address, high = snapshot["next"] and urljoin(self.url, snapshot["next"]), page.low

    def _first(self, size: int) -> str:
        query = urlencode({"stream": self._streams, "limit": size}, doseq=True)
        return urljoin(self.url, f"api/events/?{query}")

    async def _get(self, address: str) -> Json:
        while True:
            try:
                return await asyncio.to_thread(self._load, address)
            except TooMany as error:
                await asyncio.sleep(error.wait)

    def _load(self, address: str) -> Json:
        if urlsplit(address)[:2] != urlsplit(self.url)[:2]:  # the token is for this site alone
            raise Refused(f"The next page of {self.url} is at another site: {address}")
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            with urlopen(Request(address, headers=headers), timeout=TIMEOUT) as answer:  # noqa: S310 (checked by the command)
                loaded: Json = json.load(answer)
        except HTTPError as error:
            with error:
                raise refusal(error) from None
        return loaded


class TooMany(Exception):
    """The site limits how often it is asked. wait: seconds."""

    def __init__(self, retry_after: str) -> None:
        asked = float(retry_after) if retry_after.isdecimal() else 0.0
        self.wait = min(max(asked, MIN_WAIT), MAX_WAIT)


def refusal(error: HTTPError) -> Exception:
    if error.code == HTTPStatus.TOO_MANY_REQUESTS:
        return TooMany(error.headers.get("Retry-After", ""))
    if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OSError(f"{error.url} answers {error.code}.")
    try:
        return Refused(json.load(error)["message"])
    except (ValueError, KeyError, TypeError):
        return Refused(f"{error.url} answers {error.code}.")


class Spool:
    """Keeps pages on the disk, because they come newest first and are stored oldest first: a comment needs its
    thread."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._pages: list[tuple[Page, int]] = []

    def add(self, page: Page) -> None:
        self._pages.append((replace(page, events=[]), self._file.tell()))
        self._file.write(json.dumps(page.events).encode() + b"\n")

    def oldest_first(self) -> Iterator[Page]:
        for page, start in reversed(self._pages):
            self._file.seek(start)
            yield replace(page, events=json.loads(self._file.readline()))
