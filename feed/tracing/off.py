"""What is called where there is nothing to trace with."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

NOTHING: AbstractContextManager[Any] = nullcontext()


class Tracing:
    @property
    def is_on(self) -> bool:
        return False

    def recording(self, action: str, events: int) -> AbstractContextManager[Any]:
        """The span in which changes are recorded."""
        return NOTHING

    def parents(self) -> list[str]:
        """The current span, for others to link to: as a `traceparent` (W3C Trace Context), or none."""
        return []

    def read(self, begun: int, traces: Sequence[str], changes: int, position: int) -> Any:
        """Add the span of a read that has just ended, and return it. begun: by time.time_ns()."""

    def sending(self, read: Any, traces: Sequence[str], watchers: int) -> Any:
        """Begin the span in which what was read is sent."""
