"""Clients of the websocket, without a server: what a client sends, and what it gets."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User

from asgi import application
from feed.models import Comment, Event, StatusChange

Frame = dict[str, Any]
PATIENCE = 10


class Client(WebsocketCommunicator):
    """A client that counts as connected, and reads JSON."""

    async def frame(self) -> Frame:
        decoded: Frame = json.loads(await self.receive_from(timeout=PATIENCE))
        return decoded

    async def html(self) -> str:
        text: str = await self.receive_from(timeout=PATIENCE)
        return text

    async def closed(self) -> int:
        """The code of the close that comes next."""
        message = await self.receive_output(timeout=PATIENCE)
        assert message["type"] == "websocket.close", message
        code: int = message["code"]
        return code

    async def refusal(self) -> tuple[str, int]:
        frame = await self.frame()
        assert frame["type"] == "error", frame
        assert frame["message"]
        return frame["code"], await self.closed()


@asynccontextmanager
async def client(query: str = "", headers: list[tuple[bytes, bytes]] | None = None) -> AsyncIterator[Client]:
    connection = Client(application, f"/ws/feed/{query}", headers)
    connected, _ = await connection.connect(timeout=PATIENCE)
    assert connected
    try:
        yield connection
    finally:
        await connection.disconnect(timeout=PATIENCE)


@database_sync_to_async
def post(user: User, text: str) -> StatusChange:
    status: StatusChange = StatusChange.objects.create(user=user, text=text)
    return status


@database_sync_to_async
def comment(user: User, thread: Event, text: str) -> Comment:
    about: Comment = Comment.objects.create(user=user, thread=thread, text=text)
    return about


def texts(frame: Frame) -> list[str]:
    return [change["event"]["text"] for change in frame["changes"] if "text" in change["event"]]


def show(frame: Frame, state: dict[int, str | None]) -> int:
    """Bring a client's state up to date, as docs/protocol.md says; returns the new cursor."""
    for change in frame["changes"]:
        event = change["event"]
        if change["action"] == "deleted":
            state.pop(event["id"], None)
        else:
            state[event["id"]] = event.get("text")
    position: int = frame["position"]
    return position
