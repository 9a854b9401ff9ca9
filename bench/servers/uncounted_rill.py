"""Rill's application as it would be if it counted nothing that it sends."""

from asgi import application
from feed.frames.formats import Frame
from feed.hub.counting import CountingWriter
from feed.hub.watcher import Watcher

__all__ = ["application"]


def write(self: CountingWriter, watcher: Watcher, frame: Frame) -> None:
    watcher.connection.write(frame)


CountingWriter.write = write  # type: ignore[method-assign]
