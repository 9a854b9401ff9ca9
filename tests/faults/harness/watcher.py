"""A watcher as browsers and programs are one: it keeps what it is sent, and comes back from its cursor."""

import asyncio
import json
import random
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import urlopen

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from tests.faults.harness.received import FormatName, Frame, Row, parse, row_of

COME_BACK = {1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 4012}
"""Close codes after which browsers and programs connect again."""
LOST = 1006
SHORTEST_DELAY, LONGEST_DELAY = 0.1, 0.6
OPENING, SNAPSHOT = 20.0, 10.0
"""Seconds that a handshake, and a request, may take."""
LITTLE = 16 * 1024
"""Bytes that the kernel keeps for who reads late."""


def delays() -> Iterator[float]:
    """Seconds to wait before each try: growing, and jittered; short, as what is measured is not the patience."""
    delay = SHORTEST_DELAY
    while True:
        yield random.uniform(delay / 2, delay)  # noqa: S311
        delay = min(2 * delay, LONGEST_DELAY)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame, and when it came (time.monotonic())."""

    at: float
    frame: Frame


@dataclass(frozen=True, slots=True)
class Ending:
    """A connection that has ended: when (time.monotonic()), how, and at which of the watcher's addresses."""

    at: float
    code: int
    address: str


@dataclass(eq=False)
class Watcher:
    """Watches `streams` at one of `addresses` (of servers: http://HOST:PORT/), in turn, from the cursor `after`.

    session: the key of the session in which its user is logged in, if somebody is.
    cue: who has one reads its first frame, and the others only when it is set.
    rows: the state that it has built from what it was sent.
    arrivals: all that it was sent. Judged in the end, by `verdict`.
    endings: of its connections. refusals: what servers have told it instead of serving it.
    broken: what it could make no sense of, or why it may not come back; it has stopped then.
    """

    addresses: Sequence[str]
    streams: tuple[str, ...] = ("public",)
    format: FormatName = "json"
    after: int = 0
    turn: int = 0
    session: str = ""
    cue: asyncio.Event | None = None
    cursor: int = field(init=False)
    log: str = ""
    rows: dict[int, Row] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    broken: str = ""
    opened: list[float] = field(default_factory=list)
    connection: ClientConnection | None = None

    def __post_init__(self) -> None:
        self.cursor = self.after

    @property
    def address(self) -> str:
        return self.addresses[self.turn % len(self.addresses)]

    @property
    def is_live(self) -> bool:
        """Whether it is connected, and has been sent a frame since."""
        return self.connection is not None

    async def follow(self) -> None:
        waits = delays()
        while not self.broken:
            address, opened = self.address, len(self.opened)
            try:
                async with connect(
                    self._url(),
                    additional_headers=self._cookies(),
                    compression=None,
                    max_size=None,
                    open_timeout=OPENING,
                    proxy=None,
                    **(await self._late_reader() if self.cue else {}),
                ) as connection:
                    await self._converse(connection)
            except ConnectionClosed as closed:
                self._ended(address, closed.rcvd.code if closed.rcvd else LOST)
            except InvalidStatus as refused:
                self.refusals.append(f"{address} answered a handshake with {refused.response.status_code}.")
            except (OSError, TimeoutError, InvalidHandshake):  # nobody there, or gone in the middle of it
                pass
            finally:
                self.connection = None
            if len(self.opened) > opened:
                waits = delays()
            self.turn += 1
            await asyncio.sleep(next(waits))

    async def ping(self) -> None:
        """Ask for a frame up to the head: on a quiet stream the next would come with the heartbeat."""
        if self.connection is not None:
            await self.connection.send('{"type":"ping"}')

    def _url(self) -> str:
        resume = {"after": self.cursor} | ({"log": self.log} if self.log else {})
        query = [("stream", name) for name in self.streams]
        query += [("format", "html")] if self.format == "html" else [(k, str(v)) for k, v in resume.items()]
        return urljoin(self.address.replace("http", "ws", 1), f"/ws/feed/?{urlencode(query)}")

    def _cookies(self) -> dict[str, str]:
        return {"Cookie": f"sessionid={self.session}"} if self.session else {}

    async def _converse(self, connection: ClientConnection) -> None:
        if self.format == "html":
            await connection.send(json.dumps({"after": str(self.cursor), "log": self.log}))
        while True:
            text = await connection.recv(decode=True)
            frame = parse(self.format, text)
            if self.connection is None:
                self.opened.append(time.monotonic())
                self.connection = connection
            await self._take(Arrival(time.monotonic(), frame))
            if self.cue:
                await self.cue.wait()

    async def _late_reader(self) -> dict[str, Any]:
        """Options for a connection in which little can wait for who doesn't read."""
        own, to = socket.socket(), urlsplit(self.address)
        own.setblocking(False)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE)
        try:
            await asyncio.get_running_loop().sock_connect(own, (to.hostname, to.port))
        except BaseException:
            own.close()
            raise
        return {"sock": own, "max_queue": 1}

    async def _take(self, arrival: Arrival) -> None:
        frame = arrival.frame
        self.arrivals.append(arrival)
        match frame.type:
            case "error":
                self.refusals.append(frame.reason)
            case "reset":
                self.rows = await self._snapshot()
                self.cursor, self.log = frame.position, frame.log or self.log
            case _:
                self._apply(frame)
                self.cursor, self.log = frame.position, frame.log or self.log

    def _apply(self, frame: Frame) -> None:
        for shown in frame.shown:
            if shown.row is None:
                self.rows.pop(shown.event_id, None)
            # A page mends the rows that it has, and no others.
            elif self.format == "json" or shown.action == "created" or shown.event_id in self.rows:
                self.rows[shown.event_id] = shown.row

    async def _snapshot(self) -> dict[int, Row]:
        """All events of its streams, over HTTP: from whichever server answers."""
        while True:
            for address in self.addresses:
                try:
                    return await asyncio.to_thread(self._load, address)
                except OSError:
                    await asyncio.sleep(SHORTEST_DELAY)

    def _load(self, address: str) -> dict[int, Row]:
        rows: dict[int, Row] = {}
        page = "/api/events/?" + urlencode([("limit", "200"), *(("stream", name) for name in self.streams)])
        while page:
            with urlopen(urljoin(address, page), timeout=SNAPSHOT) as answer:
                loaded: dict[str, Any] = json.load(answer)
            rows |= {event["id"]: row_of(event) for event in loaded["events"]}
            page = loaded["next"]
        return rows

    def _ended(self, address: str, code: int) -> None:
        self.endings.append(Ending(time.monotonic(), code, address))
        if code not in COME_BACK:
            self.broken = f"{address} has closed with {code}: {self.refusals[-1:]}"
