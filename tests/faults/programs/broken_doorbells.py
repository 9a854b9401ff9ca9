"""Channel layers whose doorbell is broken, for posting processes."""

import os
import random
import signal
from collections.abc import Callable
from typing import Any, Literal

Message = dict[str, object]
DoorbellName = Literal["working", "lost", "doubled", "shuffled", "fatal"]


class LosingDoorbell:
    """No ring arrives."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    async def group_send(self, group: str, message: Message) -> None:
        return


class DoublingDoorbell(LosingDoorbell):
    """Each ring arrives twice."""

    async def group_send(self, group: str, message: Message) -> None:
        await self.layer.group_send(group, message)
        await self.layer.group_send(group, message)


class ShufflingDoorbell(LosingDoorbell):
    """Collects several rings, and passes them on in random order."""

    AT_ONCE = 5

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self.kept: list[tuple[str, Message]] = []

    async def group_send(self, group: str, message: Message) -> None:
        self.kept.append((group, message))
        if len(self.kept) == self.AT_ONCE:
            kept, self.kept = self.kept, []
            for each in random.sample(kept, len(kept)):
                await self.layer.group_send(*each)


class FatalDoorbell(LosingDoorbell):
    """Kills the process that rings: after its commit, and before any hub hears of it."""

    async def group_send(self, group: str, message: Message) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


DOORBELLS: dict[str, Callable[[Any], Any]] = {
    "working": lambda layer: layer,
    "lost": LosingDoorbell,
    "doubled": DoublingDoorbell,
    "shuffled": ShufflingDoorbell,
    "fatal": FatalDoorbell,
}
