"""Channel layers that do what a real one does only when something is wrong."""

import asyncio
from collections import deque

from channels.layers import InMemoryChannelLayer


class HangingLayer(InMemoryChannelLayer):
    """As Redis when it is stopped: it takes the message, and never answers."""

    async def group_send(self, group: str, message: dict[str, object]) -> None:
        await asyncio.Event().wait()


class BrokenLayer(InMemoryChannelLayer):
    """As Redis when it is down."""

    async def group_send(self, group: str, message: dict[str, object]) -> None:
        raise ConnectionError("nobody there")


class SteppedLayer(InMemoryChannelLayer):
    """Keeps what is sent to a group until it is let through: once, or not at all, or twice."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.kept: deque[tuple[str, dict[str, object]]] = deque()

    async def group_send(self, group: str, message: dict[str, object]) -> None:
        self.kept.append((group, message))

    async def let_through(self, times: int) -> None:
        while self.kept:
            group, message = self.kept.popleft()
            for _ in range(times):
                await super().group_send(group, message)
