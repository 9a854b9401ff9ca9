"""Clients that talk to the websocket application without a server."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User

from asgi import application
from feed.models import Comment, Event, StatusChange
from tests.support.asyncapi import validate_frame

Frame = dict[str, Any]
TIMEOUT = 10


class SocketClient(WebsocketCommunicator):
    async def text(self) -> str:
        """The next message, as it was sent."""
        text: str = await self.receive_from(timeout=TIMEOUT)
        return text

    async def frame(self) -> Frame:
        """The next frame, of a client that reads JSON. It is as the AsyncAPI document says."""
        decoded: Frame = json.loads(await self.text())
        validate_frame(decoded)
        return decoded

    async def html(self) -> str:
        """The next frame of the log, of a page."""
        while True:
            text = await self.text()
            if not is_of_presence(text):
                return text

    async def watching(self) -> str:
        """The next frame about who is watching, of a page."""
        while True:
            text = await self.text()
            if is_of_presence(text):
                return text

    async def closed(self) -> int:
        """Wait for the connection to be closed, and return its close code."""
        message = await self.receive_output(timeout=TIMEOUT)
        assert message["type"] == "websocket.close", message
        code: int = message["code"]
        return code

    async def refusal(self) -> tuple[str, int]:
        """The code of the error frame that comes next, and the close code after it."""
        frame = await self.frame()
        assert frame["type"] == "error", frame
        assert frame["message"]
        return frame["code"], await self.closed()


def is_of_presence(text: str) -> bool:
    return 'hx-target="#watching-count"' in text


@asynccontextmanager
async def connect(query: str = "", headers: list[tuple[bytes, bytes]] | None = None) -> AsyncIterator[SocketClient]:
    client = SocketClient(application, f"/ws/feed/{query}", headers)
    connected, _ = await client.connect(timeout=TIMEOUT)
    assert connected
    try:
        yield client
    finally:
        await client.disconnect(timeout=TIMEOUT)


@database_sync_to_async
def post_status(user: User, text: str) -> StatusChange:
    status: StatusChange = StatusChange.objects.create(user=user, text=text)
    return status


@database_sync_to_async
def post_comment(user: User, thread: Event, text: str) -> Comment:
    comment: Comment = Comment.objects.create(user=user, thread=thread, text=text)
    return comment


def texts(frame: Frame) -> list[str]:
    return [change["event"]["text"] for change in frame["changes"] if "text" in change["event"]]


def apply_frame(frame: Frame, state: dict[int, str | None]) -> int:
    """Update a client's state as docs/protocol.md says. Returns the new cursor."""
    for change in frame["changes"]:
        event = change["event"]
        if change["action"] == "deleted":
            state.pop(event["id"], None)
        else:
            state[event["id"]] = event.get("text")
    position: int = frame["position"]
    return position
