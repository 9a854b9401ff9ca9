"""Follows the source: its snapshot first, then its frames, across lost connections."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from tempfile import TemporaryFile
from typing import Any, cast

from channels.db import database_sync_to_async as in_thread
from django.db import Error as DatabaseError

from feed.client import Disconnected, Timing
from feed.client.timing import Backoff
from feed.kinds.guard import is_outage
from feed.mirror import copying
from feed.mirror.source import Json, Source, Spool
from feed.mirror_table import Mirror

Tell = Callable[[str], object]


async def never() -> bool:
    return False


class Follower:
    """tell: called with a sentence about each step, for the terminal."""

    def __init__(self, source: Source, mirror: Mirror, tell: Tell) -> None:
        self._source, self._mirror, self._tell = source, mirror, tell
        self._backoff = Backoff(Timing())

    async def run_once(self) -> None:
        """Copy what there is now. Raises Disconnected if the source can't be reached."""
        head: tuple[str, int] | None = None

        async def is_at_head() -> bool:
            """Asked after the first frame: without watchers, nobody has numbered the newest changes before that."""
            nonlocal head
            head = head or await self._source.head()
            return self._mirror.log == head[0] and self._at() >= head[1]

        if self._mirror.position is not None:
            await self._follow(is_at_head)
        if self._mirror.position is None:
            await self._read_anew()

    async def run(self) -> None:
        """Copy and follow, until the process ends."""
        while True:
            try:
                # A commit that has failed may have succeeded.
                await in_thread(self._mirror.refresh_from_db)()
                if self._mirror.position is None:
                    await self._read_anew()
                await self._follow(never)
            except (Disconnected, copying.Gap, DatabaseError) as error:
                if isinstance(error, DatabaseError) and not is_outage(error):
                    raise
                self._tell(f"Trying again: {error}")
                await asyncio.sleep(self._backoff.next(at_least=getattr(error, "retry_after", 0.0)))

    async def _read_anew(self) -> None:
        """Load the snapshot to its end, and make the copy the same."""
        self._tell("Reading the snapshot.")
        with TemporaryFile() as file:
            spool = Spool(file)
            cursor: tuple[str, int] | None = None
            async for page in self._source.pages():
                cursor = cursor or (page.log, page.position)  # later changes come from the log
                spool.add(page)
            for page in spool.oldest_first():
                await in_thread(copying.apply_page)(self._mirror, page)
        assert cursor, "A snapshot has one page at least."
        await in_thread(copying.move)(self._mirror, *cursor)
        self._tell(f"Following after {self._mirror.position}.")

    async def _follow(self, is_done: Callable[[], Awaitable[bool]]) -> None:
        """Apply frames until `is_done`, or until a reset, which forgets the cursor. Raises Disconnected."""
        frames = self._source.frames(self._mirror.log, self._at())
        async with aclosing(cast("Any", frames)):
            async for frame in frames:
                if frame["type"] == "reset":
                    await self._forget(frame)
                    return
                if frame["type"] == "changes":
                    await in_thread(copying.apply_frame)(self._mirror, frame)
                    self._backoff.reset()
                    if await is_done():
                        return

    async def _forget(self, reset: Json) -> None:
        """Forget the cursor before anything else: the log could grow beyond it, and then the source would accept it."""
        self._tell(f"Reset ({reset['reason']}).")
        await in_thread(copying.move)(self._mirror, "", None)

    def _at(self) -> int:
        assert self._mirror.position is not None, "It is read anew before it is followed."
        return self._mirror.position
