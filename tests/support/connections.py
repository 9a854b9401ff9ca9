"""Connections without a server or a client."""

from feed.connection.asgi import Connection, Message
from feed.frames.formats import Frame


async def nowhere(message: Message) -> None: ...


class Line(Connection):
    """A connection whose writability the test controls.

    arrived: the texts of the frames that were written.
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
