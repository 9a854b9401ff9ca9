"""A watcher that behaves like a browser or a program: it reconnects, and resumes from its cursor."""

import asyncio
import json
import random
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import urlopen

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from tests.faults.harness.event_stream import EventStream, event_stream
from tests.faults.harness.received import FormatName, Frame, Row, parse, row_of

RECONNECT_CODES = {1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 4012}
"""Close codes after which browsers and programs connect again."""
NO_CLOSE_FRAME = 1006
SHORTEST_DELAY, LONGEST_DELAY = 0.1, 0.6
OPEN_TIMEOUT, REQUEST_TIMEOUT = 20.0, 10.0
"""Seconds that a handshake, and a request, may take."""
SMALL_BUFFER = 16 * 1024
"""Bytes of the receive buffer of a watcher with a gate."""


def delays() -> Iterator[float]:
    """Seconds to wait before each attempt, growing, with jitter. Short, because they count as delay."""
    delay = SHORTEST_DELAY
    while True:
        yield random.uniform(delay / 2, delay)  # noqa: S311
        delay = min(2 * delay, LONGEST_DELAY)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame, and when it arrived (time.monotonic())."""

    at: float
    frame: Frame


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a connection: when (time.monotonic()), the close code, and the server's address."""

    at: float
    code: int
    address: str


@dataclass(eq=False)
class RecordingWatcher:
    """Watches `streams` from the cursor `after`, and records what it receives.

    addresses: those of the servers (http://HOST:PORT/), tried in turn.
    session: the key of its user's session, if it has a user.
    gate: if given, the watcher reads its first frame, and the next ones only after the gate is set.
    rows: the state that it has built from the frames.
    arrivals: all frames. `judge` compares them with the log.
    endings: those of its connections. refusals: errors that servers have answered with.
    broken: why it may not reconnect. It has stopped then.
    doing: what it does now.
    """

    addresses: Sequence[str]
    streams: tuple[str, ...] = ("public",)
    format: FormatName = "json"
    after: int = 0
    turn: int = 0
    session: str = ""
    gate: asyncio.Event | None = None
    cursor: int = field(init=False)
    log: str = ""
    rows: dict[int, Row] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    broken: str = ""
    doing: str = "nothing"
    opened: list[float] = field(default_factory=list)
    connection: ClientConnection | EventStream | None = None

    def __post_init__(self) -> None:
        self.cursor = self.after

    @property
    def address(self) -> str:
        return self.addresses[self.turn % len(self.addresses)]

    @property
    def is_live(self) -> bool:
        """Whether it is connected, and has received a frame on this connection."""
        return self.connection is not None

    async def follow(self) -> None:
        waits = delays()
        while not self.broken:
            address, opened = self.address, len(self.opened)
            self.doing = f"connecting to {address}"
            try:
                async with await self._connect() as connection:
                    self.doing = f"reading from {address}"
                    await self._exchange(connection)
            except ConnectionClosed as closed:
                self._ended(address, closed.rcvd.code if closed.rcvd else NO_CLOSE_FRAME)
            except InvalidStatus as refused:
                self.refusals.append(f"{address} answered a handshake with {refused.response.status_code}.")
            except (OSError, TimeoutError, InvalidHandshake):  # the server is down, or was killed during the handshake
                pass
            finally:
                self.connection = None
            if len(self.opened) > opened:
                waits = delays()
            self.turn += 1
            self.doing = "waiting for its next attempt"
            await asyncio.sleep(next(waits))

    async def _connect(self) -> AbstractAsyncContextManager[ClientConnection | EventStream]:
        small = await self._small_buffers() if self.gate else {}
        if self.format == "events":
            return event_stream(self._url(), self._cookies(), small.get("sock"))
        return connect(
            self._url(),
            additional_headers=self._cookies(),
            compression=None,
            max_size=None,
            open_timeout=OPEN_TIMEOUT,
            proxy=None,
            **small,
        )

    async def ping(self) -> None:
        """Ask for a frame up to the head. On a quiet stream the next frame is the heartbeat."""
        if self.connection is not None:
            await self.connection.send('{"type":"ping"}')

    def _url(self) -> str:
        resume = {"after": self.cursor} | ({"log": self.log} if self.log else {})
        query = [("stream", name) for name in self.streams]
        query += [("format", "html")] if self.format == "html" else [(k, str(v)) for k, v in resume.items()]
        if self.format == "events":
            return urljoin(self.address, f"/sse/feed/?{urlencode(query)}")
        return urljoin(self.address.replace("http", "ws", 1), f"/ws/feed/?{urlencode(query)}")

    def _cookies(self) -> dict[str, str]:
        return {"Cookie": f"sessionid={self.session}"} if self.session else {}

    async def _exchange(self, connection: ClientConnection | EventStream) -> None:
        if self.format == "html":
            await connection.send(json.dumps({"after": str(self.cursor), "log": self.log}))
        while True:
            text = await connection.recv(decode=True)
            frame = parse(self.format, text)
            if self.connection is None:
                self.opened.append(time.monotonic())
                self.connection = connection
            await self._handle(Arrival(time.monotonic(), frame))
            if self.gate:
                await self.gate.wait()

    async def _small_buffers(self) -> dict[str, Any]:
        """Options for a connection that buffers little, so that the server soon notices that nobody reads."""
        own, to = socket.socket(), urlsplit(self.address)
        own.setblocking(False)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        try:
            await asyncio.get_running_loop().sock_connect(own, (to.hostname, to.port))
        except BaseException:
            own.close()
            raise
        return {"sock": own, "max_queue": 1}

    async def _handle(self, arrival: Arrival) -> None:
        frame = arrival.frame
        self.arrivals.append(arrival)
        match frame.type:
            case "error":
                self.refusals.append(frame.reason)
            case "reset":
                self.doing = "loading a snapshot"
                self.rows = await self._snapshot()
                self.doing = f"reading from {self.address}"
                self.cursor, self.log = frame.position, frame.log or self.log
            case _:
                self._apply(frame)
                self.cursor, self.log = frame.position, frame.log or self.log

    def _apply(self, frame: Frame) -> None:
        for shown in frame.shown:
            if shown.row is None:
                self.rows.pop(shown.event_id, None)
            # A page updates only the rows that it has.
            elif self.format != "html" or shown.action == "created" or shown.event_id in self.rows:
                self.rows[shown.event_id] = shown.row

    async def _snapshot(self) -> dict[int, Row]:
        """All events of its streams, over HTTP, from the first server that answers."""
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
            with urlopen(urljoin(address, page), timeout=REQUEST_TIMEOUT) as response:
                loaded: dict[str, Any] = json.load(response)
            rows |= {event["id"]: row_of(event) for event in loaded["events"]}
            page = loaded["next"]
        return rows

    def _ended(self, address: str, code: int) -> None:
        self.endings.append(Ending(time.monotonic(), code, address))
        if code not in RECONNECT_CODES:
            self.broken = f"{address} closed the connection with {code}: {self.refusals[-1:]}"
