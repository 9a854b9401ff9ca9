"""Rings beside those who post: nobody waits for a ring, and many who post at the same time are one ring.

With `async_to_sync` whoever posts would wait for the channel layer, and where no event loop runs (a command, a shell,
a worker) each ring would open a connection to Redis of its own.
"""

import asyncio
import atexit
import logging
import os
import socket
from threading import Condition, Lock, Thread
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import SyncToAsync
from channels.layers import BaseChannelLayer, InMemoryChannelLayer

RING_TIMEOUT = 0.5
"""Seconds that a ring may take, and that a process which ends waits for its last."""
RETRY_AFTER = 3.0
"""Seconds after a ring that failed in which none is tried."""
SPACING, MAX_SPACING = 0.02, 0.06
"""Seconds from one ring to the next, for each post that it stands for, and at most: or a stream of posts would spend
more on rings, and each hub on reading, than on the events. While each stands for one, waiting longer gains nothing."""

Message = dict[str, object]

logger = logging.getLogger(__name__)


class Bell:
    """What rings one channel layer from one event loop."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: Message | None = None
        self._asked = 0
        """How many rings the one that waits stands for."""
        self._at_work = self._sending = self._resting = False

    def ring(self, loop: asyncio.AbstractEventLoop, layer: BaseChannelLayer, group: str, message: Message) -> None:
        """Ring soon. To a ring that waits to be sent another one adds nothing."""
        with self._changed:
            self._waiting = message
            self._asked += 1
            begin, self._at_work = not self._at_work, True
        if begin:
            loop.call_soon_threadsafe(lambda: loop.create_task(self._ring_on(layer, group)))

    def wait(self, seconds: float) -> bool:
        """Until what waits has been sent, or that has failed; returns whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._resting or not (self._waiting or self._sending), seconds)

    async def _ring_on(self, layer: BaseChannelLayer, group: str) -> None:
        try:
            while waiting := self._next():
                message, asked = waiting
                rung = await send(layer, group, message)
                self._rest(failed=not rung)
                await asyncio.sleep(min(asked * SPACING, MAX_SPACING) if rung else RETRY_AFTER)
        except asyncio.CancelledError:  # the loop ends, and with it those who could hear
            self._next()
            self._rest(failed=True)
            raise

    def _next(self) -> tuple[Message, int] | None:
        """What waits to be rung, and how many rings it stands for."""
        with self._changed:
            message, self._waiting = self._waiting, None
            asked, self._asked = self._asked, 0
            self._at_work = self._sending = message is not None
            self._resting = False
        return (message, asked) if message else None

    def _rest(self, failed: bool) -> None:
        with self._changed:
            self._sending, self._resting = False, failed
            self._changed.notify_all()


async def send(layer: BaseChannelLayer, group: str, message: Message) -> bool:
    """Whether it could be sent. If not, it's a line in the log, and a second until the next poll."""
    try:
        async with asyncio.timeout(RING_TIMEOUT):
            await layer.group_send(group, message)
    except Exception as error:  # noqa: BLE001 (whatever a channel layer may raise: the event is saved already)
        logger.warning("No ring for event %s: %s", message["event_id"], str(error) or type(error).__name__)
        return False
    return True


class OwnLoop(asyncio.SelectorEventLoop):
    """Runs in a thread of its own, for as long as the process does."""

    def __init__(self) -> None:
        super().__init__()
        Thread(target=self.run_forever, name="rill-doorbell", daemon=True).start()

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        # Not in one more thread: a process that ends starts none, and its last ring may be its first.
        return socket.getaddrinfo(*args, **kwargs)


class Doorbell:
    """The bells of this process."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """A process that was forked has none of its parent's threads."""
        self._lock = Lock()
        self._own: OwnLoop | None = None
        self._bells: WeakKeyDictionary[object, WeakKeyDictionary[object, Bell]] = WeakKeyDictionary()

    def ring(self, layer: BaseChannelLayer, group: str, message: Message) -> None:
        with self._lock:
            # The in-memory layer is heard only where it is rung from the loop of those who listen.
            loop = (isinstance(layer, InMemoryChannelLayer) and loop_beside()) or self._own_loop()
            bell = self._bell(loop, layer)
        bell.ring(loop, layer, group, message)

    def _bell(self, loop: asyncio.AbstractEventLoop, layer: BaseChannelLayer) -> Bell:
        try:
            return self._bells[loop][layer]
        except KeyError:
            return self._bells.setdefault(loop, WeakKeyDictionary()).setdefault(layer, Bell())

    def wait(self, seconds: float = RING_TIMEOUT) -> bool:
        """Until what waits has been sent, or that has failed; returns whether that is so."""
        with self._lock:
            bells = [bell for of_loop in self._bells.values() for bell in of_loop.values()]
        return all(bell.wait(seconds) for bell in bells)

    def _own_loop(self) -> OwnLoop:
        self._own = self._own or OwnLoop()
        return self._own


def loop_beside() -> asyncio.AbstractEventLoop | None:
    """The event loop that waits for what this thread does, as `async_to_sync` finds it."""
    here = SyncToAsync.threadlocal
    loop: asyncio.AbstractEventLoop | None = getattr(here, "main_event_loop", None)
    return loop if loop and loop.is_running() and here.main_event_loop_pid == os.getpid() else None


doorbell = Doorbell()
os.register_at_fork(after_in_child=doorbell.forget)
atexit.register(doorbell.wait)
