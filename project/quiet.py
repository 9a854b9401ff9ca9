"""Filters of the log: what a client or Redis has caused is one line, and said once, however often it happens.

Libraries write a traceback for it, or one for each second of an outage; whoever wants to could fill a disk with them.
"""

import logging
import time

REPEATED = 60.0
"""Seconds for which the same line isn't said again."""


class OneLine(logging.Filter):
    """Says what has gone wrong instead of where: for loggers of which no traceback shows a mistake of ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and (error := record.exc_info[1]):
            record.msg = f"{record.getMessage()} {type(error).__name__}: {error}"
            record.args = record.exc_info = record.exc_text = None
        return True


class Once(logging.Filter):
    """Says nothing twice within a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, text = time.monotonic(), record.getMessage()
        if now - self._said.get(text, -REPEATED) < REPEATED:
            return False
        self._said = {other: at for other, at in self._said.items() if now - at < REPEATED} | {text: now}
        return True
