"""Reads that are shared by the callers that ask at the same time."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Generic, TypeVar

from feed.hub.threads import ReadingThreads

K = TypeVar("K")
V = TypeVar("V")


class SharedReads(Generic[K, V]):
    """Reads values by their keys, at most `size` of them at once. Between two reads, others get their turn."""

    def __init__(self, threads: ReadingThreads, read: Callable[[Collection[K]], Mapping[K, V]], size: int) -> None:
        self._threads, self._read, self._size = threads, read, size
        self._asked: dict[K, asyncio.Future[V | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """The value, or None, as found by a read that hasn't begun yet. Raises what the read raises."""
        if key not in self._asked:
            self._asked[key] = asyncio.get_running_loop().create_future()
        answer = self._asked[key]
        if self._reading is None:
            self._reading = asyncio.create_task(self._answer_all())
        return await asyncio.shield(answer)

    async def _answer_all(self) -> None:
        try:
            while self._asked:
                await self._answer({key: self._asked.pop(key) for key in [*islice(self._asked, self._size)]})
        finally:
            self._reading = None

    async def _answer(self, asked: Mapping[K, asyncio.Future[V | None]]) -> None:
        waiting = [(key, future) for key, future in asked.items() if not future.done()]
        try:
            found = await self._threads.run(lambda: self._read(asked.keys()))
        except Exception as error:  # noqa: BLE001 (every caller that waits must get it)
            for _, future in waiting:
                future.set_exception(error)
        else:
            for key, future in waiting:
                future.set_result(found.get(key))
