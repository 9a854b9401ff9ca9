"""What leads to a client, without a server."""

from feed.flow import Flow, Message
from feed.frames import Frame


async def nowhere(message: Message) -> None: ...


class Line(Flow):
    """It is full when the client doesn't read.

    arrived: the frames, as they were sent.
    """

    def __init__(self) -> None:
        super().__init__(nowhere)
        self.arrived: list[str] = []

    def write(self, frame: Frame) -> None:
        assert self.is_writable
        self.arrived.append(frame.text)

    def fill(self) -> None:
        self._pause()

    def clear(self) -> None:
        self._resume()
