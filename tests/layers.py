"""Channel layers that do what a real one does only when something is wrong."""

import asyncio

from channels.layers import InMemoryChannelLayer


class HangingLayer(InMemoryChannelLayer):
    """As Redis when it is stopped: it takes the message, and never answers."""

    async def group_send(self, group: str, message: dict[str, object]) -> None:
        await asyncio.Event().wait()


class BrokenLayer(InMemoryChannelLayer):
    """As Redis when it is down."""

    async def group_send(self, group: str, message: dict[str, object]) -> None:
        raise ConnectionError("nobody there")
