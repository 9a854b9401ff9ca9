"""The connection of a client that reads server-sent events, under any ASGI server, by `send` alone."""

from feed.connection.asgi import Connection, Message
from feed.frames.formats import Frame

MAX_RECEIVED = 16 * 1024
"""Bytes that a client may send after its request. There is nothing to say, and nobody reads it."""


class StreamConnection(Connection):
    way = "events"

    def as_message(self, frame: Frame) -> Message:
        return {"type": "http.response.body", "body": frame.event, "more_body": True}
