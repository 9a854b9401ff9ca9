"""Watchers of real servers, and posts from another process."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.support.asyncapi import validate_frame
from tests.support.servers import Kind, Server

Frame = dict[str, Any]
TIMEOUT = 20
BOTH = pytest.mark.parametrize("kind", get_args(Kind))

POST = """
from django.contrib.auth import get_user_model
alice, _ = get_user_model().objects.get_or_create(username="alice")
for text in {texts!r}:
    StatusChange.objects.create(user=alice, text=text)
"""


def post_from_another_process(server: Server, *texts: str) -> None:
    """Post as alice from another process than the server's, like a cron job."""
    server.shell(POST.format(texts=texts))


class TilingWatcher:
    """Checks that its frames tile, and keeps the texts that they add up to."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.cursor: int | None = None
        self.texts: dict[int, str] = {}

    def receive(self) -> Frame:
        frame: Frame = json.loads(self.connection.recv(timeout=TIMEOUT))
        validate_frame(frame)
        assert frame["type"] == "changes", frame
        assert self.cursor in (None, frame["after"])
        self.cursor = frame["position"]
        for change in frame["changes"]:
            event = change["event"]
            if change["action"] == "deleted":
                self.texts.pop(event["id"], None)
            elif "text" in event:
                self.texts[event["id"]] = event["text"]
        return frame

    def see(self, *texts: str) -> None:
        """Receive until the texts are exactly these."""
        while sorted(self.texts.values()) != sorted(texts):
            self.receive()


@contextmanager
def watching(server: Server, query: str = "") -> Iterator[TilingWatcher]:
    with connect(server.ws_url(query), max_size=None, open_timeout=TIMEOUT) as connection:
        yield TilingWatcher(connection)
