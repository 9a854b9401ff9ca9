"""Shortcuts through the insides of libraries, and what happens when an upgrade breaks one."""

import logging

logger = logging.getLogger(__name__)


class FastPath:
    """A shortcut that can be turned off. The plain way, through documented interfaces, then does the same, slower.

    without: what happens then, as the beginning of a sentence for the log.
    """

    BREAKAGE = (AttributeError, TypeError, AssertionError)
    """What a changed library raises: a name is gone, or takes or returns something else."""

    def __init__(self, without: str) -> None:
        self.is_on = True
        self._without = without

    def turn_off(self, error: Exception) -> None:
        """Use the plain way from now on. Logged once."""
        if self.is_on:
            self.is_on = False
            logger.warning("%s, because a library has changed: %s: %s", self._without, type(error).__name__, error)
