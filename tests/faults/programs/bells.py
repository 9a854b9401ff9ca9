"""What a posting process rings instead of the doorbell: ways in which a ring can fail."""

import os
import random
import signal
from collections.abc import Callable
from typing import Any, Literal

Message = dict[str, object]
BellName = Literal["sound", "lost", "doubled", "shuffled", "fatal"]


class Lost:
    """No ring arrives."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    async def group_send(self, group: str, message: Message) -> None:
        return


class Doubled(Lost):
    """Each ring arrives twice."""

    async def group_send(self, group: str, message: Message) -> None:
        await self.layer.group_send(group, message)
        await self.layer.group_send(group, message)


class Shuffled(Lost):
    """Rings are kept back until there are several, and arrive in another order."""

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


class Fatal(Lost):
    """Whoever rings is killed: after the commit, and before anybody can have heard of it."""

    async def group_send(self, group: str, message: Message) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


BELLS: dict[str, Callable[[Any], Any]] = {
    "sound": lambda layer: layer,
    "lost": Lost,
    "doubled": Doubled,
    "shuffled": Shuffled,
    "fatal": Fatal,
}
