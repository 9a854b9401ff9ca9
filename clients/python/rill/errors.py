"""What can go wrong: what the server refuses, which is final, and what passes."""

from collections.abc import Mapping
from typing import Any


class RillError(Exception):
    """Any error of this package."""


class Refused(RillError):
    """The server refuses the request, and would refuse it again.

    code: for programs, such as "unknown_stream", or "". status: the HTTP status, or the close code of the websocket.
    """

    def __init__(self, message: str, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class BadRequest(Refused):
    """The request makes no sense, or a field has a wrong value."""


class Unauthorized(Refused):
    """The token is missing, wrong, expired or revoked."""


class Forbidden(Refused):
    """The user, or the token, isn't allowed to do that."""


class NotFound(Refused):
    """There is no such stream, event or page."""


class Conflict(Refused):
    """Somebody else has changed the event meanwhile."""


class TooMany(Refused):
    """Too many streams for one connection."""


class Disconnected(RillError):
    """The connection is lost. A client that follows connects again by itself.

    close: the close code of the websocket, or None. retry_after: seconds that the server asks to wait, or 0.
    """

    def __init__(self, message: str, close: int | None = None, retry_after: float = 0) -> None:
        super().__init__(message)
        self.close = close
        self.retry_after = retry_after


class Unavailable(Disconnected):
    """The server can't be reached, can't answer now, or asks to wait."""


class Gap(Disconnected):
    """A frame doesn't begin where the one before it ended. The client asks again from its last good cursor."""


BY_STATUS: dict[int, type[Refused]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    422: BadRequest,
}
FINAL_CLOSES: dict[int, type[Refused]] = {4400: BadRequest, 4401: Unauthorized, 4403: Forbidden, 4404: NotFound}
RETRIED = {408, 425, 429, *range(500, 600)}
"""Statuses after which the same request may succeed."""
FLOOD_PERIOD = 10.0
"""Seconds in which the server counts the messages of a client."""


def of_status(status: int, message: str, code: str = "", retry_after: str | None = None) -> RillError:
    """The error for an HTTP status. retry_after: the header."""
    if status in RETRIED:
        return Unavailable(message, retry_after=seconds(retry_after))
    return BY_STATUS.get(status, Refused)(message, code, status)


def of_close(close: int | None, last: Mapping[str, Any] | None) -> RillError:
    """The error for the end of a websocket. last: its `error` frame, if there was one."""
    code, message = (last["code"], last["message"]) if last else ("", f"The connection was closed with {close}.")
    if close in FINAL_CLOSES:
        return FINAL_CLOSES[close](message, code, close)
    if close == 4429 and code == "too_many_streams":
        return TooMany(message, code, close)
    wait = FLOOD_PERIOD if close == 4429 else 0.0
    return Disconnected(message, close, float((last or {}).get("retry_after") or wait))


def seconds(retry_after: str | None) -> float:
    """The header `Retry-After` in seconds. 0 without one, and for a date."""
    return float(retry_after) if retry_after and retry_after.isdigit() else 0.0
