"""What a log record has beside its message."""

import logging
from typing import Any

from feed.logging.request_ids import current

OBJECTS = {"request", "server_time"}
"""What Django puts into `extra` for other handlers: no values to write down."""
STANDARD = set(vars(logging.makeLogRecord({}))) | OBJECTS | {"message", "asctime", "taskName"}


def request_id_of(record: logging.LogRecord) -> str:
    """The id of the request during which it was logged, or of the request that it is about."""
    return getattr(getattr(record, "request", None), "request_id", "") or current.get()


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What was logged as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in STANDARD}
