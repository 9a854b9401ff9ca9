"""A server that says what a test wants it to say, so that a client meets what real servers do rarely, or never.

It serves any number of sites, each below a path of its own:

site = scripted.site([changes(0, 3), changes(5, 7)], [changes(3, 7)])  # the frames of the first socket, and the second
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import uvicorn

from tests.support.processes import free_port, wait_until

LOG = "k3x9"
Frame = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP. body: JSON, or text as it is."""

    status: int = 200
    body: Any = None
    retry_after: int | None = None
    is_cut: bool = False
    """Whether the connection breaks in the middle of it."""

    def headers(self) -> list[tuple[bytes, bytes]]:
        waits = [] if self.retry_after is None else [(b"retry-after", str(self.retry_after).encode())]
        length = len(self.content()) + (10 if self.is_cut else 0)
        return [(b"content-type", b"application/json"), (b"content-length", str(length).encode()), *waits]

    def content(self) -> bytes:
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(frozen=True)
class Close:
    """Ends a socket."""

    code: int


@dataclass(frozen=True)
class Expect:
    """Waits for this message of the client."""

    message: Frame


Step = Frame | str | Close | Expect | Answer
"""A frame to send (a text is sent as it is), or what else happens on a socket. An Answer refuses its handshake. After
the last step nothing happens until the client leaves."""
Script = Sequence[Step] | Callable[[int], Sequence[Step]]
"""What happens on one socket, in turn; or a function of the cursor that it begins at."""


@dataclass
class Site:
    """url: for a client. sockets: what is left to happen on the next ones. answers: to the next HTTP requests.

    opened: the query of each socket. headers: those of each. messages: what clients have sent. requests: over HTTP.
    """

    url: str
    sockets: list[Script]
    answers: list[Answer] = field(default_factory=list)
    opened: list[dict[str, list[str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    messages: list[Frame] = field(default_factory=list)
    requests: list["Received"] = field(default_factory=list)


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: Any


def changes(after: int, position: int, *texts: str, log: str = LOG) -> Frame:
    """A frame with one created event for each text, at the last positions. The id of an event is its position."""
    placed = enumerate(texts, start=position - len(texts) + 1)
    told = [{"position": number, "action": "created", "event": event(number, text)} for number, text in placed]
    return {"type": "changes", "log": log, "after": after, "position": position, "changes": told}


def cursor(position: int, log: str = LOG) -> Frame:
    return {"position": position, "log": log}


def event(number: int, text: str = "") -> Frame:
    return {"id": number, "kind": "status_change", "user": "alice", "summary": f"alice: {text}", "text": text}


def reset(position: int, reason: str = "expired", log: str = LOG) -> Frame:
    return {"type": "reset", "log": log, "position": position, "reason": reason}


def error(code: str, message: str = "No.") -> Frame:
    return {"type": "error", "code": code, "message": message}


def snapshot(position: int, *texts: str, log: str = LOG) -> Answer:
    """The newest events, newest first."""
    events = [event(number, text) for number, text in enumerate(texts, start=1)][::-1]
    return Answer(body={"log": log, "position": position, "events": events, "next": None})


OVER: Script = (error("bad_request", "The script is over."), Close(4400))


class ScriptedServer:
    def __init__(self) -> None:
        self.port = free_port()
        self._sites: dict[str, Site] = {}

    def site(self, *sockets: Script, answers: tuple[Answer, ...] = ()) -> Site:
        name = f"site{len(self._sites)}"
        self._sites[name] = Site(f"http://127.0.0.1:{self.port}/{name}/", [*sockets], [*answers])
        return self._sites[name]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        name, path = scope["path"].removeprefix("/").split("/", 1)
        site, headers = self._sites[name], {key.decode(): value.decode() for key, value in scope["headers"]}
        if scope["type"] == "http":
            await answer(site, scope, path, headers, receive, send)
        else:
            assert path == "ws/feed/"
            site.opened.append(parse_qs(scope["query_string"].decode()))
            site.headers.append(headers)
            await play(site, scope["subprotocols"], receive, send)


async def answer(site: Site, scope: Any, path: str, headers: dict[str, str], receive: Any, send: Any) -> None:
    body = b""
    while True:
        part = await receive()
        body += part["body"]
        if not part["more_body"]:
            break
    query = parse_qsl(scope["query_string"].decode())
    site.requests.append(Received(scope["method"], path, query, headers, json.loads(body) if body else None))
    said = site.answers.pop(0) if site.answers else Answer(404, error("not_found", "The script has no more answers."))
    await send({"type": "http.response.start", "status": said.status, "headers": said.headers()})
    await send({"type": "http.response.body", "body": said.content()})


async def play(site: Site, subprotocols: list[str], receive: Any, send: Any) -> None:
    script = site.sockets.pop(0) if site.sockets else OVER
    steps = script(int(site.opened[-1]["after"][0])) if callable(script) else script
    await receive()  # websocket.connect
    if isinstance(refused := next(iter(steps), None), Answer):
        await send({"type": "websocket.http.response.start", "status": refused.status, "headers": refused.headers()})
        await send({"type": "websocket.http.response.body", "body": refused.content()})
        return
    await send({"type": "websocket.accept", "subprotocol": "rill.v1" if "rill.v1" in subprotocols else None})
    for step in steps:
        if not await done(step, site, receive, send):
            return
    while (await received(site, receive)) is not None:
        pass


async def done(step: Step, site: Site, receive: Any, send: Any) -> bool:
    """Do it. Returns whether the socket is still open."""
    match step:
        case Close():
            await send({"type": "websocket.close", "code": step.code})
            return False
        case Expect():
            return await received(site, receive) == step.message
        case _:
            text = step if isinstance(step, str) else json.dumps(step)
            await send({"type": "websocket.send", "text": text})
            return True


async def received(site: Site, receive: Any) -> Frame | None:
    """The client's next message. None when it has left."""
    message = await receive()
    if message["type"] == "websocket.disconnect":
        return None
    site.messages.append(json.loads(message["text"]))
    return site.messages[-1]


@contextmanager
def serving() -> Iterator[ScriptedServer]:
    """The server runs in a thread of this process."""
    scripted = ScriptedServer()
    config = uvicorn.Config(
        scripted,
        port=scripted.port,
        loop="asyncio",
        ws="websockets-sansio",
        ws_ping_interval=None,
        lifespan="off",
        log_level="critical",  # that an answer is cut off is what the test wants
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    wait_until(lambda: server.started, "the scripted server")
    try:
        yield scripted
    finally:
        server.should_exit = True
        thread.join()
