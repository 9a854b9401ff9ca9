"""The event that every peer delivers: Rill's fields, about 550 bytes of JSON, and a mark that tells which it is."""

import json
from typing import Any

USER = "poster"
SIZE = 550
"""Bytes of an event's JSON, give or take the digits of its id and the spaces that some encoders put in."""

LENGTH = 196
"""Characters of its text. The JSON has them twice: as `text`, and in `summary`."""
WORDS = "The quick brown fox jumps over the lazy dog, and the feed tells everybody who watches. "


def text_of(mark: int) -> str:
    """A text that begins with the number of its event within the run, as the load looks for it."""
    return f"~~{mark:07d} {WORDS * 3}"[:LENGTH]


def describe(pk: int, text: str, created_at: str) -> dict[str, Any]:
    """An event as Rill's `feed.frames.describe` has it, for those that aren't Rill."""
    return {
        "text": text,
        "id": pk,
        "kind": "status_change",
        "user": USER,
        "summary": f"{USER}: {text}",
        "url": f"/events/{pk}/",
        "created_at": created_at,
        "edited_at": None,
    }


def encode(event: dict[str, Any]) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()
