"""A client of the websocket. It follows a feed, and continues at its cursor after a lost connection."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit
from urllib.request import urlopen

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from feed.paths import SOCKET

FINAL_CODES = {4400, 4401, 4403, 4404, 4429}
"""Close codes after which the same request would be refused again."""
MIN_DELAY, MAX_DELAY = 0.5, 30.0
SNAPSHOT_TIMEOUT = 10.0

Frame = dict[str, Any]


def backoff() -> Iterator[float]:
    """Seconds to wait before each try: exponential, with jitter, so that clients don't all come back at once."""
    delay = MIN_DELAY
    while True:
        yield random.uniform(delay / 2, delay)  # noqa: S311
        delay = min(2 * delay, MAX_DELAY)


class Refused(Exception):
    """The server refuses this request. Sending it again is of no use."""


@dataclass
class FeedClient:
    """Follows the feed at `url` (ws:// or wss://), from the cursor `after`, or from the head if that is None.

    gaps: a sentence for each frame that didn't begin where the one before it ended.
    """

    url: str
    streams: tuple[str, ...] = ()
    after: int | None = None
    log: str = ""
    token: str = ""
    gaps: list[str] = field(default_factory=list)

    def address(self) -> str:
        """The URL to connect to, with the cursor."""
        scheme, host, path, query, _ = urlsplit(self.url)
        resume = {} if self.after is None else {"after": str(self.after), "log": self.log}
        wanted = [*parse_qsl(query), *(("stream", name) for name in self.streams)]
        asked = [(name, value) for name, value in [*wanted, *resume.items()] if value]
        return urlunsplit((scheme, host, path or f"/{SOCKET}", urlencode(asked), ""))

    def advance(self, frame: Frame) -> None:
        """Move the cursor by a frame that has arrived. Raises Refused for an error frame."""
        if frame["type"] == "error":
            raise Refused(frame["message"])
        if frame["type"] == "changes" and self.after is not None and frame["after"] != self.after:
            self.gaps.append(f"A frame begins after {frame['after']}, but the one before it ended at {self.after}.")
        self.after, self.log = frame["position"], frame["log"]

    async def frames(self) -> AsyncIterator[Frame | Exception]:
        """Yield frames as they arrive, and an exception for each lost connection. Raises Refused."""
        waits = backoff()
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else None
        while True:
            try:
                async with connect(self.address(), max_size=None, additional_headers=headers) as websocket:
                    async for message in websocket:
                        frame: Frame = json.loads(message)
                        self.advance(frame)
                        waits = backoff()
                        yield frame
                if websocket.close_code in FINAL_CODES:
                    raise Refused(f"Closed with {websocket.close_code}.")
                yield ConnectionError(f"The connection was closed with {websocket.close_code}.")
            except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError) as error:
                yield error
            await asyncio.sleep(next(waits))

    def snapshot(self) -> Frame:
        """Load the newest events over HTTP: to begin with, or after a reset."""
        scheme, host, _, query, _ = urlsplit(self.url)
        names = [*parse_qs(query).get("stream", []), *self.streams]
        address = f"{scheme.replace('ws', 'http')}://{host}/api/events/?{urlencode({'stream': names}, doseq=True)}"
        with urlopen(address, timeout=SNAPSHOT_TIMEOUT) as answer:  # noqa: S310 (http or https, by construction)
            loaded: Frame = json.load(answer)
        return loaded
