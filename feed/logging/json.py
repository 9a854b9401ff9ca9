"""Log records for programs: a JSON object a line. Needs the extra `logs`."""

import logging
from typing import Any

from pythonjsonlogger import json
from pythonjsonlogger.core import RESERVED_ATTRS

from feed.logging.records import OBJECTS, request_id_of


class JsonFormatter(json.JsonFormatter):
    """`{"time": …, "level": …, "logger": …, "message": …, "request": …}`, with what was logged as `extra`, and the
    traceback as `exc_info`. `request` is the id of the request, if there is one."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger"},
            reserved_attrs=[*RESERVED_ATTRS, *OBJECTS],
            timestamp="time",
        )

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        super().add_fields(log_data, record, message_dict)
        if name := request_id_of(record):
            log_data["request"] = name
