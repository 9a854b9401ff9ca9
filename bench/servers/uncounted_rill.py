"""Rill's application as it would be if it counted nothing that it sends."""

from asgi import application
from feed.frames.formats import Frame
from feed.hub.sent import Sent
from feed.hub.watcher import Watcher

__all__ = ["application"]


def send(self: Watcher, frame: Frame) -> None:
    self.connection.write(frame)


def add(self: Sent, watcher: Watcher, frame: Frame) -> None: ...


Watcher.send = send  # type: ignore[method-assign]
Sent.add = add  # type: ignore[method-assign]
