"""The project's settings, in a process with all fast paths off."""

from feed.fast_path import FastPath
from project.settings import *  # noqa: F403


def _turned_off(self: FastPath, without: str) -> None:
    self.is_on = False
    self._without = without


FastPath.__init__ = _turned_off  # type: ignore[method-assign]
