"""Log filters that shorten errors caused by clients or by Redis, and drop their repetitions.

Libraries log each of them with a traceback, during an outage one a second. Without the filters a client could fill the
disk.
"""

import logging
import time

REPEAT_INTERVAL = 60.0
"""Seconds during which an equal message is dropped."""


class WithoutTraceback(logging.Filter):
    """Replaces the traceback with the error's message, for loggers whose errors never come from our code."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and (error := record.exc_info[1]):
            record.msg = f"{record.getMessage()} {type(error).__name__}: {error}"
            record.args = record.exc_info = record.exc_text = None
        return True


class WithoutRepeats(logging.Filter):
    """Drops a message that was logged less than REPEAT_INTERVAL ago."""

    def __init__(self) -> None:
        super().__init__()
        self._logged_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, text = time.monotonic(), record.getMessage()
        if now - self._logged_at.get(text, -REPEAT_INTERVAL) < REPEAT_INTERVAL:
            return False
        recent = {other: at for other, at in self._logged_at.items() if now - at < REPEAT_INTERVAL}
        self._logged_at = recent | {text: now}
        return True
