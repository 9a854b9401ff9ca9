"""Rings the doorbell in another thread, so that no post waits for it. Rings at the same time are coalesced.

With `async_to_sync` a post would wait for the channel layer. And where no event loop runs (in a command, a shell or a
worker), each ring would open its own connection to Redis.
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
"""Seconds that a ring may take, and that a process waits for its last ring when it ends."""
RETRY_AFTER = 3.0
"""Seconds to wait after a failed ring."""
SPACING, MAX_SPACING = 0.02, 0.06
"""Seconds to wait after a ring: for each post that it stands for, and at most. Without these pauses a stream of posts
would cost more in rings, and in reads of each hub, than in events."""

MAX_TRACES = 32
"""Posts whose traces a ring carries. A hub links to these only."""

Message = dict[str, object]

logger = logging.getLogger(__name__)


class Bell:
    """Rings one channel layer from one event loop."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: Message | None = None
        self._asked = 0
        """How many posts the waiting ring stands for."""
        self._is_running = self._is_sending = self._has_failed = False

    def ring(self, loop: asyncio.AbstractEventLoop, layer: BaseChannelLayer, group: str, message: Message) -> None:
        """Ring soon. If a ring is still waiting, it stands for this post, too."""
        with self._changed:
            self._waiting = coalesced(self._waiting, message)
            self._asked += 1
            begin, self._is_running = not self._is_running, True
        if begin:
            loop.call_soon_threadsafe(lambda: loop.create_task(self._ring_until_idle(layer, group)))

    def wait(self, seconds: float) -> bool:
        """Wait until everything is sent, or sending has failed. Returns False if that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._has_failed or not (self._waiting or self._is_sending), seconds)

    async def _ring_until_idle(self, layer: BaseChannelLayer, group: str) -> None:
        try:
            while waiting := self._next():
                message, asked = waiting
                rung = await send(layer, group, message)
                self._sent(failed=not rung)
                await asyncio.sleep(min(asked * SPACING, MAX_SPACING) if rung else RETRY_AFTER)
        except asyncio.CancelledError:  # the loop ends
            self._next()
            self._sent(failed=True)
            raise

    def _next(self) -> tuple[Message, int] | None:
        """The waiting message, and how many posts it stands for."""
        with self._changed:
            message, self._waiting = self._waiting, None
            asked, self._asked = self._asked, 0
            self._is_running = self._is_sending = message is not None
            self._has_failed = False
        return (message, asked) if message else None

    def _sent(self, failed: bool) -> None:
        with self._changed:
            self._is_sending, self._has_failed = False, failed
            self._changed.notify_all()


def coalesced(waiting: Message | None, message: Message) -> Message:
    """The message that stands for both."""
    traces = [*traces_of(waiting or {}), *traces_of(message)][-MAX_TRACES:]
    return message | {"traces": traces} if traces else message


def traces_of(message: Message) -> list[str]:
    """The spans of the posts that a message stands for; see `feed.tracing`."""
    traces = message.get("traces")
    return traces if isinstance(traces, list) else []


async def send(layer: BaseChannelLayer, group: str, message: Message) -> bool:
    """Send the message. Returns whether that worked; if not, hubs read at their next poll."""
    try:
        async with asyncio.timeout(RING_TIMEOUT):
            await layer.group_send(group, message)
    except Exception as error:  # noqa: BLE001 (whatever a channel layer may raise; the event is saved)
        logger.warning("No ring for event %s: %s", message["event_id"], str(error) or type(error).__name__)
        return False
    return True


class OwnLoop(asyncio.SelectorEventLoop):
    """Runs in a daemon thread for as long as the process."""

    def __init__(self) -> None:
        super().__init__()
        Thread(target=self.run_forever, name="rill-doorbell", daemon=True).start()

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        # Not in another thread: a process that is ending can't start one, and its only ring may be its last act.
        return socket.getaddrinfo(*args, **kwargs)


class Doorbell:
    """The bells of this process."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: a forked process has no threads of its parent."""
        self._lock = Lock()
        self._own: OwnLoop | None = None
        self._bells: WeakKeyDictionary[object, WeakKeyDictionary[object, Bell]] = WeakKeyDictionary()

    def ring(self, layer: BaseChannelLayer, group: str, message: Message) -> None:
        with self._lock:
            # The in-memory layer reaches a hub only from the hub's own loop.
            loop = (isinstance(layer, InMemoryChannelLayer) and waiting_loop()) or self._own_loop()
            bell = self._bell(loop, layer)
        bell.ring(loop, layer, group, message)

    def _bell(self, loop: asyncio.AbstractEventLoop, layer: BaseChannelLayer) -> Bell:
        try:
            return self._bells[loop][layer]
        except KeyError:
            return self._bells.setdefault(loop, WeakKeyDictionary()).setdefault(layer, Bell())

    def wait(self, seconds: float = RING_TIMEOUT) -> bool:
        """Wait until everything is sent, or sending has failed. Returns False if that takes longer."""
        with self._lock:
            bells = [bell for of_loop in self._bells.values() for bell in of_loop.values()]
        return all(bell.wait(seconds) for bell in bells)

    def _own_loop(self) -> OwnLoop:
        self._own = self._own or OwnLoop()
        return self._own


def waiting_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that waits for this thread, found the way `async_to_sync` finds it. None if asgiref has
    changed."""
    here = getattr(SyncToAsync, "threadlocal", None)
    loop: asyncio.AbstractEventLoop | None = getattr(here, "main_event_loop", None)
    is_own = getattr(here, "main_event_loop_pid", None) == os.getpid()
    return loop if loop and loop.is_running() and is_own else None


doorbell = Doorbell()
os.register_at_fork(after_in_child=doorbell.forget)
atexit.register(doorbell.wait)
