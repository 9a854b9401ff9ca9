"""What kinds, events and users are called. No name can fail: a kind's own `__str__` is guarded."""

import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from feed import guard

if TYPE_CHECKING:
    from feed.models import Event


def snake_case(name: str) -> str:
    """The name of a kind, from that of its class: HTTPError becomes http_error."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def guarded(text: Callable[[Any], str]) -> Callable[[Any], str]:
    """A `__str__` that never fails: where `text` does, it says whose event it is and of which kind."""
    if getattr(text, "is_guarded", False):
        return text

    @wraps(text)
    def guarded_text(event: "Event") -> str:
        kind = event.kind
        return guard.attempt("name", kind, lambda: str(text(event)), lambda: simplest_text(event))

    guarded_text.is_guarded = True  # type: ignore[attr-defined]
    return guarded_text


def simplest_text(event: "Event") -> str:
    return f"{author(event) or '?'}: {event.kind.replace('_', ' ')}"


def author(event: "Event") -> str | None:
    """The name of the event's user, or None if the user can't be loaded."""
    return guard.attempt("load the user of", event.kind, lambda: str(event.user.get_username()), lambda: None)
