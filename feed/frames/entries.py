"""A change as a hub keeps it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Entry:
    """A change and the present state of its event.

    event: the event until it is encoded, which takes less memory. None if it doesn't exist any more.
    encoded: the event by the name of the format. Changes of one event that were loaded together share it.
    is_whole: whether the event was loaded with the fields of its kind.
    """

    position: int
    action: str
    event_id: int
    kind: str
    streams: frozenset[str]
    event: Any = None
    encoded: dict[str, str | None] = field(default_factory=dict)
    is_whole: bool = True

    def size(self, format_name: str) -> int:
        """Bytes of the event in this format."""
        text = self.encoded[format_name] or ""
        return len(text) if text.isascii() else len(text.encode())

    @property
    def total_size(self) -> int:
        """Bytes of the event in all formats in which it is encoded."""
        return sum(map(self.size, self.encoded))
