"""The body of a request, as JSON."""

from dataclasses import dataclass
from typing import Any, Self

import msgspec
from django.http import HttpRequest

from feed.api.errors import ApiError
from feed.idempotency import digest_of

MAX_BODY = 64 * 1024
"""Bytes. A body is kept for a day, as part of the answer to an idempotency key."""
MAX_DEPTH = 100
"""Levels of objects and lists. Code that follows them to any depth would exhaust Python's stack."""
MEDIA_TYPES = {"application/json", "application/merge-patch+json"}


@dataclass(frozen=True, slots=True)
class Body:
    """
    raw: as it came.
    values: the JSON object in it.
    """

    raw: bytes
    values: dict[str, Any]

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """Raises ApiError if it isn't a JSON object."""
        if request.content_type not in MEDIA_TYPES:
            raise ApiError(415, "unsupported_media_type", "Send JSON, with Content-Type: application/json.")
        if _announced(request) > MAX_BODY or len(request.body) > MAX_BODY:
            raise ApiError(413, "too_large", f"A body has at most {MAX_BODY} bytes.")
        try:
            values = msgspec.json.decode(request.body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ApiError(400, "bad_json", f"The body isn't JSON: {error}.") from None
        if not isinstance(values, dict):
            raise ApiError(400, "bad_json", "The body must be a JSON object.")
        if is_deeper(values, MAX_DEPTH):
            raise ApiError(400, "bad_json", f"The body has more than {MAX_DEPTH} levels.")
        if has_nul(values):
            raise ApiError(422, "invalid", "No text may contain the character NUL, which databases can't store.")
        return cls(request.body, values)

    def digest(self) -> str:
        """The same for two bodies with the same content, however it is written."""
        return digest_of(msgspec.json.encode(_encodable(self.values), order="sorted").decode())


def _announced(request: HttpRequest) -> int:
    """What the client says is to come. A larger body isn't even read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0


def is_deeper(value: Any, levels: int) -> bool:
    """Whether the value has more levels than these."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(is_deeper(each, levels - 1) for each in parts)


def has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(has_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(map(has_nul, value))


def _encodable(value: Any) -> Any:
    """With whole numbers of any size, of which msgspec reads more than it writes."""
    if isinstance(value, dict):
        return {key: _encodable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_encodable(each) for each in value]
    return f"integer {value}" if isinstance(value, int) and abs(value) >= 2**63 else value
