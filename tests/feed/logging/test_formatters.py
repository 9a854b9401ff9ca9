"""What a log record looks like: on one line, or as JSON."""

import json
import logging
import sys
from typing import Any

import pytest
from django.test import RequestFactory

from feed.logging.json import JsonFormatter
from feed.logging.lines import LineFormatter
from feed.logging.request_ids import current

FORGED = "Hello\n2026-11-28 12:00:00,000 ERROR feed forged\r\x1b[31m\u2028"


def record(message: str, *args: object, **extra: Any) -> logging.LogRecord:
    return logging.getLogger("feed.test").makeRecord(
        "feed.test", logging.WARNING, "file.py", 1, message, args, None, extra=extra
    )


def failed() -> logging.LogRecord:
    made = record("It failed")
    try:
        raise ValueError(FORGED)
    except ValueError:
        made.exc_info = sys.exc_info()
    return made


@pytest.fixture(params=[LineFormatter, JsonFormatter], ids=["lines", "json"])
def formatter(request: pytest.FixtureRequest) -> logging.Formatter:
    made: logging.Formatter = request.param()
    return made


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(JsonFormatter().format(made))
    return decoded


def test_a_record_is_one_line_whatever_a_client_has_sent(formatter: logging.Formatter) -> None:
    text = formatter.format(record("Said %s", FORGED, agent=FORGED))
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
    assert "forged" in text


def test_no_line_of_a_traceback_looks_like_a_record() -> None:
    first, *rest = LineFormatter().format(failed()).split("\n")
    assert first.endswith(" WARNING feed.test It failed")
    assert any("forged" in line for line in rest)
    assert all(line.startswith("    ") for line in rest)


def test_a_traceback_in_json_is_in_the_same_line() -> None:
    (line,) = JsonFormatter().format(failed()).splitlines()
    assert "forged" in json.loads(line)["exc_info"]


def test_what_was_logged_beside_the_message_is_shown() -> None:
    made = record("A connection has ended", user="12", seconds=1.5, code=None, agent='a "b"\\')
    assert (
        LineFormatter()
        .format(made)
        .endswith(' A connection has ended user=12 seconds=1.5 code=None agent="a \\"b\\"\\\\"')
    )
    found = as_json(made)
    assert (found["user"], found["seconds"], found["code"], found["agent"]) == ("12", 1.5, None, 'a "b"\\')
    assert (found["level"], found["logger"], found["message"]) == ("WARNING", "feed.test", "A connection has ended")
    assert found["time"].endswith("+00:00")


def test_a_request_is_shown_by_its_id_and_not_as_an_object(formatter: logging.Formatter) -> None:
    request = RequestFactory().get("/")
    assert "request" not in formatter.format(record("Not found", request=request))
    request.request_id = "of-the-request"  # type: ignore[attr-defined]
    text = formatter.format(record("Not found", request=request))
    assert "of-the-request" in text
    assert "WSGIRequest" not in text


def test_what_is_logged_during_a_request_has_its_id(formatter: logging.Formatter) -> None:
    token = current.set("of-this-request")
    try:
        assert "of-this-request" in formatter.format(record("Hello"))
    finally:
        current.reset(token)
    assert "of-this-request" not in formatter.format(record("Hello"))
