"""Clients that read server-sent events from the application without a server."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from channels.testing import ApplicationCommunicator

from asgi import application
from tests.feed.sockets import TIMEOUT, Frame
from tests.support.asyncapi import validate_frame
from tests.support.events import EventParser

Header = tuple[bytes, bytes]


class EventClient(ApplicationCommunicator):
    """One request.

    status, headers: of the response, once it has begun.
    """

    status: int
    headers: dict[str, str]

    def __init__(self, query: str, headers: Iterable[Header], method: str) -> None:
        scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": "/sse/feed/",
            "root_path": "",
            "query_string": query.removeprefix("?").encode(),
            "headers": [(b"host", b"testserver"), *headers],
        }
        super().__init__(application, scope)
        self.parser = EventParser()

    async def open(self) -> None:
        await self.send_input({"type": "http.request", "body": b"", "more_body": False})
        started = await self.receive_output(timeout=TIMEOUT)
        self.status = started["status"]
        self.headers = {name.decode(): value.decode() for name, value in started["headers"]}

    async def frame(self) -> Frame:
        """The next frame, which is as the AsyncAPI document says. Raises EOFError if the response has ended."""
        while not self.parser.events:
            message = await self.receive_output(timeout=TIMEOUT)
            self.parser.feed(message.get("body", b""))
            if not message.get("more_body"):
                raise EOFError
        decoded: Frame = json.loads(self.parser.events.pop(0))
        validate_frame(decoded)
        return decoded

    async def ended(self) -> None:
        """Wait for the end of the response, after which nothing more comes."""
        try:
            raise AssertionError(f"Instead of the end came {await self.frame()}.")
        except EOFError:
            await self.wait(TIMEOUT)

    async def refusal(self) -> tuple[str, int]:
        """The code and the status of a response that is refused."""
        message = await self.receive_output(timeout=TIMEOUT)
        assert not message.get("more_body")
        assert self.headers["content-type"] == "application/json"
        assert self.headers["content-length"] == str(len(message["body"]))
        body = json.loads(message["body"])
        assert set(body) == {"code", "message"}
        return body["code"], self.status

    async def leave(self) -> None:
        await self.send_input({"type": "http.disconnect"})
        await self.wait(TIMEOUT)


@asynccontextmanager
async def reading(
    query: str = "", headers: Iterable[Header] = (), *, method: str = "GET", last_event_id: str = ""
) -> AsyncIterator[EventClient]:
    resume = [(b"last-event-id", last_event_id.encode())] if last_event_id else []
    client = EventClient(query, [*headers, *resume], method)
    await client.open()
    try:
        yield client
    finally:
        await client.leave()
