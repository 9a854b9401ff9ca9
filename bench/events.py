"""The event that every peer delivers: Rill's fields, about 550 bytes of JSON, and a mark that identifies it."""

import json
from typing import Any

USER = "poster"
SIZE = 550
"""Approximate bytes of an event's JSON. It varies with the digits of the id and with the spaces of the encoder."""

LENGTH = 185
"""Characters of its text. The JSON contains the text twice, as `text` and in `summary`."""
WORDS = "The quick brown fox jumps over the lazy dog, and the feed tells everybody who watches. "
TEXT = WORDS * 2
"""Of events that need no mark."""


def text_of(mark: int) -> str:
    """A text that begins with the event's mark, its number within the run. The load program searches for it."""
    return f"~~{mark:07d} {WORDS * 3}"[:LENGTH]


def describe(pk: int, text: str, created_at: str) -> dict[str, Any]:
    """The fields of an event as Rill's `feed.frames.describe` returns them, for the other peers."""
    return {
        "text": text,
        "id": pk,
        "kind": "status_change",
        "user": USER,
        "summary": f"{USER}: {text}",
        "url": f"/events/{pk}/",
        "audience": "public",
        "created_at": created_at,
        "edited_at": None,
    }


def encode(event: dict[str, Any]) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()
