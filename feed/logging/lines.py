"""Log records for people: one line each, and below it the traceback, if there is one."""

import logging
import re
from typing import Any

from feed.logging.records import fields_of, request_id_of

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
PLAIN = re.compile(r"[\w.:/+@-]+")


class LineFormatter(logging.Formatter):
    """`2026-11-28 12:00:00,123 INFO feed.connections The message field=value request=ID`.

    What clients have sent can't begin a line of its own: line breaks are escaped, and tracebacks are indented.
    """

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        record.message = on_one_line(record.message)
        fields = fields_of(record)
        if name := request_id_of(record):
            fields["request"] = name
        return " ".join([super().formatMessage(record), *(f"{key}={quoted(value)}" for key, value in fields.items())])

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return "\n".join(f"    {on_one_line(line)}" for line in super().formatException(ei).split("\n"))


def on_one_line(text: str) -> str:
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def quoted(value: object) -> str:
    text = on_one_line(str(value))
    return text if PLAIN.fullmatch(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
