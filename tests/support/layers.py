"""Channel layers that fail as Redis can."""

import asyncio
from collections import deque

from channels.layers import InMemoryChannelLayer


class HangingLayer(InMemoryChannelLayer):
    """Like a Redis that is stopped: accepts the message, and never answers."""

    async def group_send(self, group: str, message: dict[str, object]) -> None:
        await asyncio.Event().wait()


class BrokenLayer(InMemoryChannelLayer):
    """Like a Redis that is down."""

    async def group_send(self, group: str, message: dict[str, object]) -> None:
        raise ConnectionError("nobody there")


class SteppedLayer(InMemoryChannelLayer):
    """Holds each message until the test delivers it: once, twice or not at all."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.held: deque[tuple[str, dict[str, object]]] = deque()

    async def group_send(self, group: str, message: dict[str, object]) -> None:
        self.held.append((group, message))

    async def deliver(self, times: int) -> None:
        while self.held:
            group, message = self.held.popleft()
            for _ in range(times):
                await super().group_send(group, message)
