"""Connections without a server."""

from feed.connection.asgi import Connection, Message
from feed.frames.formats import Frame


async def nowhere(message: Message) -> None: ...


class Line(Connection):
    """Not writable while the client doesn't read.

    arrived: the texts of the frames that were sent.
    """

    def __init__(self) -> None:
        super().__init__(nowhere)
        self.arrived: list[str] = []

    def write(self, frame: Frame) -> None:
        assert self.is_writable
        self.arrived.append(frame.text)

    def fill(self) -> None:
        self._pause_writing()

    def clear(self) -> None:
        self._resume_writing()
