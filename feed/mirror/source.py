"""What the source of a copy says: its snapshot, page by page, and its frames."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any, Self
from urllib.parse import urlencode, urljoin, urlsplit

from feed.client import Cursor, Refused, Timing, Unavailable
from feed.client.http import Http
from feed.client.site import Site
from feed.client.socket import opened

Json = dict[str, Any]

PAGE_SIZE = 200
TIMEOUT = 30.0
MAX_WAITS = 10
"""How often the site may ask to wait before it sends one page."""
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
        low = events[-1]["id"] if events and snapshot["next"] else 0
        return cls(snapshot["log"], snapshot["position"], low, high, events)


class Source:
    """The feed of the site at `url`, such as https://rill.example/."""

    def __init__(self, url: str, streams: Sequence[str] = (), token: str = "") -> None:
        self.url = f"{url.rstrip('/')}/"
        self._streams = tuple(streams)
        self._http = Http(token, TIMEOUT)

    async def frames(self, log: str, position: int) -> AsyncIterator[Json]:
        """What happens after the position, until the connection is lost. Raises Refused and Disconnected."""
        address = Site.at(self.url).watching(self._streams, Cursor(position, log))
        async with opened(address, self._http.authorization, Timing()) as socket:
            while True:
                yield await socket.frame()

    async def head(self) -> tuple[str, int]:
        """The log and its newest position. Raises Refused, or Unavailable if the site can't be reached."""
        snapshot = await self._get(self._first(1))
        return snapshot["log"], snapshot["position"]

    async def pages(self) -> AsyncIterator[Page]:
        """The snapshot, newest events first. Raises Refused, or Unavailable if the site can't be reached."""
        address: str | None = self._first(PAGE_SIZE)
        high = BEYOND
        while address:
            snapshot = await self._get(address)
            page = Page.of(snapshot, high)
            if page.low >= high:
                raise Refused(f"The pages of {self.url} have no end: {address} has nothing older than the one before.")
            yield page
            address, high = urljoin(self.url, snapshot["next"]) if page.low else None, page.low

    def _first(self, size: int) -> str:
        query = urlencode({"stream": self._streams, "limit": size}, doseq=True)
        return urljoin(self.url, f"api/events/?{query}")

    async def _get(self, address: str) -> Json:
        if urlsplit(address)[:2] != urlsplit(self.url)[:2]:  # the token is for this site alone
            raise Refused(f"The next page of {self.url} is at another site: {address}")
        for _ in range(MAX_WAITS):
            try:
                page: Json = await self._http.send("GET", address)
            except Unavailable as error:
                if not error.retry_after:
                    raise
                await asyncio.sleep(error.retry_after)
            else:
                return page
        raise Unavailable(f"{self.url} has asked to wait {MAX_WAITS} times.")


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
