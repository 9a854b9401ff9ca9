"""Reads server-sent events from real servers."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Any

from tests.support.asyncapi import validate_frame
from tests.support.events import EventParser
from tests.support.servers import Server

Frame = dict[str, Any]
TIMEOUT = 20


class Lost(Exception):
    """The connection was lost before the end of the response."""


class EventReader:
    """Reads the frames of a response, which must tile, and be as the AsyncAPI document says."""

    def __init__(self, response: HTTPResponse) -> None:
        self.response = response
        self.parser = EventParser()
        self.cursor: int | None = None

    def frame(self) -> Frame:
        """The next frame. Raises EOFError at the end of the response, and Lost if it was cut off."""
        while not self.parser.events:
            try:
                data = self.response.read1(65536)
            except (OSError, HTTPException) as error:
                raise Lost from error
            if not data:
                raise EOFError
            self.parser.feed(data)
        frame: Frame = json.loads(self.parser.events.pop(0))
        validate_frame(frame)
        if frame["type"] == "changes":
            assert self.cursor in (None, frame["after"])
        self.cursor = frame.get("position", self.cursor)
        return frame

    def see(self, text: str) -> Frame:
        """The next frame with this text."""
        while text not in str(frame := self.frame()):
            pass
        return frame

    def end(self) -> str | None:
        """Wait for the end of the response. Returns the code of the error frame before it, if there is one."""
        error = None
        try:
            while True:
                error = self.frame().get("code", error)
        except EOFError:
            return error


@contextmanager
def reading(server: Server, query: str = "", headers: Mapping[str, str] | None = None) -> Iterator[EventReader]:
    connection = server.connection(TIMEOUT)
    try:
        connection.request("GET", f"/sse/feed/?{query}", headers=headers or {})
        yield EventReader(connection.getresponse())
    finally:
        connection.close()
